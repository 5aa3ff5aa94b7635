-- Each compared record: its source identity, human and person.
select identity_no, human_no, person_id::text as person_id
from compared
