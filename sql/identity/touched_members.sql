-- The touched records and the person each belongs to, if it has one.
select touched.record_id, membership.person_id::text
from touched_records as touched
left join identity.membership as membership on membership.record_id = touched.record_id
order by touched.record_id
