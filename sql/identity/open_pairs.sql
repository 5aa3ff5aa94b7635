-- All pairs that open cases ask about.
select review_case.kind, pair.record_id_l, pair.record_id_r
from identity.review_cases as review_case
join identity.case_pairs as pair on pair.case_id = review_case.case_id
where review_case.status = 'open'
