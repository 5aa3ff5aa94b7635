-- What a decision about a case needs to know of it.
select case_id, kind, status, version, superseded_by
from identity.review_cases
where case_id = %(case_id)s
