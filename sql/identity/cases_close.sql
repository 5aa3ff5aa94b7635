-- Closes cases.
update identity.review_cases as review_case
set status = 'closed',
    version = review_case.version + 1,
    updated_change_id = %(change_id)s,
    closed_change_id = %(change_id)s,
    closed_reason = closing.reason,
    superseded_by = closing.superseded_by
from unnest(%(case_ids)s::bigint[], %(reasons)s::text[], %(superseded_by)s::bigint[])
    as closing (case_id, reason, superseded_by)
where review_case.case_id = closing.case_id
