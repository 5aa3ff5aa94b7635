-- Cases about some persons.
select distinct pair.case_id
from identity.membership as member
join identity.case_pairs as pair on member.record_id in (pair.record_id_l, pair.record_id_r)
where member.person_id = any (%(person_ids)s::uuid[])
