-- Open cases about persons who own a record that fits, names compared anywhere: looks at the records of the queue alone.
with asked as (
    select distinct pair.case_id, mine.person_id
    from identity.review_cases as review_case
    join identity.case_pairs as pair on pair.case_id = review_case.case_id
    join identity.membership as mine on mine.record_id in (pair.record_id_l, pair.record_id_r)
    where review_case.status = 'open'
)
select distinct asked.case_id
from asked
join identity.membership as member on member.person_id = asked.person_id
join cleaned.person_records as cleaned on cleaned.record_id = member.record_id
where (%(last_name)s::text is null or strpos(cleaned.last_name, %(last_name)s) > 0)
    and (%(first_name)s::text is null or strpos(cleaned.first_name, %(first_name)s) > 0)
    and (
        %(birth_date)s::text is null
        or (cleaned.birth_date ~>=~ %(birth_date)s and cleaned.birth_date ~<~ %(birth_date_end)s)
    )
    and (%(data_source)s::text is null or cleaned.data_source = %(data_source)s)
    and (%(scope)s::text[] is null or cleaned.data_source = any (%(scope)s))
    and (%(record_ids)s::bigint[] is null or cleaned.record_id = any (%(record_ids)s))
    and (%(person_id)s::uuid is null or member.person_id between %(person_id)s::uuid and %(person_id_end)s::uuid)
