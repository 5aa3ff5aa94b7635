-- Writes decisions; numbered on from the last by whoever holds the identity lock.
insert into identity.decisions (
    decision_id, kind, record_id_l, record_id_r, actor, note, evidence_weight, case_id, case_version, change_id, decided_at
)
select
    (select coalesce(max(decision_id), 0) from identity.decisions) + row_number() over (order by made.place),
    made.kind, made.record_id_l, made.record_id_r, %(actor)s, %(note)s, made.evidence_weight,
    %(case_id)s::bigint, %(case_version)s::integer, %(change_id)s, %(at)s::timestamptz
from unnest(%(kinds)s::text[], %(lefts)s::bigint[], %(rights)s::bigint[], %(weights)s::double precision[])
    with ordinality as made (kind, record_id_l, record_id_r, evidence_weight, place)
