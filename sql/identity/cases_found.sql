-- Open cases about persons who own a record that fits, found through the indexes of names, dates and ids.
with fitting as (
    select distinct member.person_id
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
        and (%(data_source)s::text is null or cleaned.data_source = %(data_source)s)
        and (%(scope)s::text[] is null or cleaned.data_source = any (%(scope)s))
        and (%(record_ids)s::bigint[] is null or cleaned.record_id = any (%(record_ids)s))
        and (%(person_id)s::uuid is null or member.person_id between %(person_id)s::uuid and %(person_id_end)s::uuid)
), owned as (
    select member.record_id
    from fitting
    join identity.membership as member on member.person_id = fitting.person_id
)
select distinct review_case.case_id
from (
    select pair.record_id_l as record_id, pair.case_id
    from identity.case_pairs as pair
    union all
    select pair.record_id_r as record_id, pair.case_id
    from identity.case_pairs as pair
) as asked
join owned on owned.record_id = asked.record_id
join identity.review_cases as review_case on review_case.case_id = asked.case_id and review_case.status = 'open'
