-- How many persons have a record that fits, as far as the first records tell: persons, and whether these were all.
with fitting as (
    select member.person_id
    from cleaned.person_records as cleaned
    join identity.membership as member on member.record_id = cleaned.record_id
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
        and (%(person_id)s::uuid is null or member.person_id between %(person_id)s::uuid and %(person_id_end)s::uuid)
    limit %(most)s
)
select count(distinct person_id), count(*) < %(most)s
from fitting
