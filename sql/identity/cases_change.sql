-- Updates changed cases, one version up.
update identity.review_cases as review_case
set version = review_case.version + 1,
    reason = changed.reason,
    priority = changed.priority,
    max_match_weight = changed.max_match_weight,
    max_match_probability = changed.max_match_probability,
    person_count = changed.person_count,
    record_count = changed.record_count,
    status = 'open',
    closed_change_id = null,
    closed_reason = null,
    superseded_by = null,
    updated_change_id = %(change_id)s
from changed_cases as changed
where review_case.case_id = changed.case_id
