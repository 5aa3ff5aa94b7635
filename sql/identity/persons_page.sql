-- One page of living persons with a record that fits, by the name of the first such record; as one shows them in a list.
-- Names come in two spellings: as standardised, and as typed, for sources whose values are passed through.
-- Reads one record after the other in the order of names, and asks of each whether it is its person's first that fits,
-- until the page is full. Each `offset 0` keeps that so, whatever the planner expects: the sort comes before what is asked,
-- and what is asked of a record is looked up for that one alone.
with fitting as not materialized (
    select cleaned.record_id, cleaned.last_name, cleaned.first_name
    from cleaned.person_records as cleaned
    where (
            %(last_name)s::text is null
            or (cleaned.last_name ~>=~ %(last_name)s and cleaned.last_name ~<~ %(last_name_end)s)
            or (cleaned.last_name ~>=~ %(last_name_typed)s and cleaned.last_name ~<~ %(last_name_typed_end)s)
            or (%(contains)s and strpos(cleaned.last_name, %(last_name)s) > 0)
        )
        and (
            %(first_name)s::text is null
            or (cleaned.first_name ~>=~ %(first_name)s and cleaned.first_name ~<~ %(first_name_end)s)
            or (cleaned.first_name ~>=~ %(first_name_typed)s and cleaned.first_name ~<~ %(first_name_typed_end)s)
            or (%(contains)s and strpos(cleaned.first_name, %(first_name)s) > 0)
        )
        and (
            %(birth_date)s::text is null
            or (cleaned.birth_date ~>=~ %(birth_date)s and cleaned.birth_date ~<~ %(birth_date_end)s)
        )
        and (%(data_source)s::text is null or cleaned.data_source = %(data_source)s)
        and (%(scope)s::text[] is null or cleaned.data_source = any (%(scope)s))
        and (%(record_ids)s::bigint[] is null or cleaned.record_id = any (%(record_ids)s))
        -- Going on after a record: among those with a last name, or among those without, never both at once, so that the
        -- index of names is entered where the page before ended.
        and (not %(unnamed)s or cleaned.last_name is null)
        and (
            %(after_record_id)s::bigint is null
            or %(unnamed)s
            or (
                cleaned.last_name ~>=~ %(after_last_name)s
                and (
                    cleaned.last_name ~>~ %(after_last_name)s
                    or (%(after_first_name)s::text is not null and cleaned.first_name ~>~ %(after_first_name)s)
                    or (%(after_first_name)s::text is not null and cleaned.first_name is null)
                    or (
                        cleaned.first_name is not distinct from %(after_first_name)s
                        and cleaned.record_id > %(after_record_id)s
                    )
                )
            )
        )
        and (
            %(after_record_id)s::bigint is null
            or not %(unnamed)s
            or (%(after_first_name)s::text is not null and cleaned.first_name ~>~ %(after_first_name)s)
            or (%(after_first_name)s::text is not null and cleaned.first_name is null)
            or (
                cleaned.first_name is not distinct from %(after_first_name)s
                and cleaned.record_id > %(after_record_id)s
            )
        )
    order by cleaned.last_name using ~<~, cleaned.first_name using ~<~, cleaned.record_id
    offset 0
), page as materialized (
    -- No join and no order here: the planner then knows that the first few of `fitting` suffice.
    select fitting.record_id, fitting.last_name, fitting.first_name
    from fitting
    where exists (
            select
            from identity.membership as member
            where member.record_id = fitting.record_id
                and (
                    %(person_id)s::uuid is null
                    or member.person_id between %(person_id)s::uuid and %(person_id_end)s::uuid
                )
                and not exists (
                    select
                    from identity.membership as also
                    where also.person_id = member.person_id
                        and also.record_id < member.record_id
                        and exists (
                            select
                            from (
                                select other.last_name, other.first_name, other.birth_date, other.data_source
                                from cleaned.person_records as other
                                where other.record_id = also.record_id
                                offset 0
                            ) as other
                            where (
                                    %(last_name)s::text is null
                                    or (other.last_name ~>=~ %(last_name)s and other.last_name ~<~ %(last_name_end)s)
                                    or (other.last_name ~>=~ %(last_name_typed)s and other.last_name ~<~ %(last_name_typed_end)s)
                                    or (%(contains)s and strpos(other.last_name, %(last_name)s) > 0)
                                )
                                and (
                                    %(first_name)s::text is null
                                    or (other.first_name ~>=~ %(first_name)s and other.first_name ~<~ %(first_name_end)s)
                                    or (
                                        other.first_name ~>=~ %(first_name_typed)s
                                        and other.first_name ~<~ %(first_name_typed_end)s
                                    )
                                    or (%(contains)s and strpos(other.first_name, %(first_name)s) > 0)
                                )
                                and (
                                    %(birth_date)s::text is null
                                    or (other.birth_date ~>=~ %(birth_date)s and other.birth_date ~<~ %(birth_date_end)s)
                                )
                                and (%(data_source)s::text is null or other.data_source = %(data_source)s)
                                and (%(scope)s::text[] is null or other.data_source = any (%(scope)s))
                                and (%(record_ids)s::bigint[] is null or also.record_id = any (%(record_ids)s))
                            offset 0
                        )
                    offset 0
                )
            offset 0
        )
    limit %(limit)s
    offset %(offset)s
)
select
    person.person_id::text, person.version, person.record_count, first_record.first_name, first_record.last_name,
    about.data_sources, page.record_id
from page
join identity.membership as mine on mine.record_id = page.record_id
join identity.persons as person on person.person_id = mine.person_id
cross join lateral (
    select
        min(member.record_id) as first_record_id,
        array_agg(distinct record.data_source order by record.data_source) as data_sources
    from identity.membership as member
    join raw.person_records as record on record.record_id = member.record_id
    where member.person_id = mine.person_id and (%(scope)s::text[] is null or record.data_source = any (%(scope)s))
) as about
left join raw.person_records as first_record on first_record.record_id = about.first_record_id
order by page.last_name using ~<~, page.first_name using ~<~, page.record_id
