-- Persons with a record that fits everything asked for, by name; each with the first record that fits.
-- Names come in two spellings: as standardised, and as typed, for sources whose values are passed through.
with fitting as (
    select distinct on (member.person_id)
        member.person_id, cleaned.last_name, cleaned.first_name, cleaned.birth_date, cleaned.data_source,
        cleaned.source_person_id
    from cleaned.person_records as cleaned
    join identity.membership as member on member.record_id = cleaned.record_id
    where (
            %(last_name)s::text is null
            or (cleaned.last_name ~>=~ %(last_name)s and cleaned.last_name ~<~ %(last_name_end)s)
            or (cleaned.last_name ~>=~ %(last_name_typed)s and cleaned.last_name ~<~ %(last_name_typed_end)s)
        )
        and (
            %(first_name)s::text is null
            or (cleaned.first_name ~>=~ %(first_name)s and cleaned.first_name ~<~ %(first_name_end)s)
            or (cleaned.first_name ~>=~ %(first_name_typed)s and cleaned.first_name ~<~ %(first_name_typed_end)s)
        )
        and (
            %(birth_date)s::text is null
            or (cleaned.birth_date ~>=~ %(birth_date)s and cleaned.birth_date ~<~ %(birth_date_end)s)
        )
        and (%(data_sources)s::text[] is null or cleaned.data_source = any (%(data_sources)s))
        and (%(record_ids)s::bigint[] is null or cleaned.record_id = any (%(record_ids)s))
        and (%(person_id)s::uuid is null or member.person_id between %(person_id)s::uuid and %(person_id_end)s::uuid)
    order by member.person_id, cleaned.record_id
)
select
    person.person_id::text, person.version, person.record_count, fitting.last_name, fitting.first_name,
    fitting.birth_date, fitting.data_source, fitting.source_person_id
from fitting
join identity.persons as person on person.person_id = fitting.person_id
where %(after_person_id)s::uuid is null
    or (coalesce(fitting.last_name, ''), coalesce(fitting.first_name, ''), coalesce(fitting.birth_date, ''), person.person_id)
    > (%(after_last_name)s::text, %(after_first_name)s::text, %(after_birth_date)s::text, %(after_person_id)s::uuid)
order by
    coalesce(fitting.last_name, ''), coalesce(fitting.first_name, ''), coalesce(fitting.birth_date, ''), person.person_id
limit %(limit)s
