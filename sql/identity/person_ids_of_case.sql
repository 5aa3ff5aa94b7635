-- The persons a case is about now.
select distinct membership.person_id::text
from identity.case_pairs as pair
join identity.membership as membership on membership.record_id in (pair.record_id_l, pair.record_id_r)
where pair.case_id = %(case_id)s
order by 1
