-- The next entries of the change feed, of sources one may see; a withdrawal names a person and no source.
select change_no, change_id, data_source, source_person_id, kind, person_id::text, published_at
from publishing.crosswalk_changes
where change_no > %(after)s
    and (%(scope)s::text[] is null or data_source is null or data_source = any (%(scope)s))
order by change_no
limit %(limit)s
