-- The pairs of a case.
select record_id_l, record_id_r
from identity.case_pairs
where case_id = %(case_id)s
order by record_id_l, record_id_r
