-- Decisions in force that the persons of their records break, or whose records are not in the index.
select decision.decision_id::text
from identity.decisions as decision
left join identity.membership as one on one.record_id = decision.record_id_l
left join identity.membership as other on other.record_id = decision.record_id_r
where decision.revoked_change_id is null
    and ((decision.kind = 'must_link') <> (one.person_id = other.person_id)) is not false
