-- Decisions in force about some records.
select record_id_l, record_id_r
from identity.decisions
where (record_id_l = any (%(record_ids)s) or record_id_r = any (%(record_ids)s)) and revoked_change_id is null
