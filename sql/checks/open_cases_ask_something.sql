-- Open potential-match cases whose pairs all lie within one person: nothing is left to ask.
select 'case ' || review_case.case_id as problem, 1 as affected
from identity.review_cases as review_case
where review_case.status = 'open'
  and review_case.kind = 'potential_match'
  and not exists (
    select
    from identity.case_pairs as pair
    join identity.membership as l on l.record_id = pair.record_id_l
    join identity.membership as r on r.record_id = pair.record_id_r
    where pair.case_id = review_case.case_id and l.person_id <> r.person_id
  )
