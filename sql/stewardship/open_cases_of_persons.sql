-- Open review cases about records of some persons.
select distinct review_case.case_id
from identity.membership as member
join identity.case_pairs as pair on member.record_id in (pair.record_id_l, pair.record_id_r)
join identity.review_cases as review_case on review_case.case_id = pair.case_id
where member.person_id = any (%(person_ids)s::uuid[]) and review_case.status = 'open'
order by review_case.case_id
limit 50
