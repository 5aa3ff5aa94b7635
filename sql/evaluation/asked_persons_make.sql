-- The persons that open cases ask about, and of these those that should perhaps come apart.
create temporary table asked_persons on commit drop as
select membership.person_id, bool_or(review_case.kind = 'overlay') as overlay
from identity.review_cases as review_case
join identity.case_pairs as pair using (case_id)
join identity.membership on membership.record_id in (pair.record_id_l, pair.record_id_r)
where review_case.status = 'open'
group by membership.person_id
