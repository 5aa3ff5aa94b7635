-- Decisions in force as judged pairs: 1 where a steward said that two records are of one human, 0 where of two.
select
    record_id_l,
    record_id_r,
    min((kind = 'must_link')::integer) as is_match
from identity.decisions
where revoked_change_id is null
    and record_id_l <> record_id_r
group by record_id_l, record_id_r
order by record_id_l, record_id_r
