-- One review case.
select
    case_id, kind, status, version, reason, priority, max_match_weight, max_match_probability, opened_at, closed_reason,
    superseded_by
from identity.review_cases
where case_id = %(case_id)s
