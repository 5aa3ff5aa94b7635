-- Notes how many records a person has now, and what became of it.
update identity.persons as person
set version = person.version + 1,
    record_count = changed.record_count,
    retired_change_id = case when changed.merged_into is null then null else %(change_id)s end,
    merged_into = changed.merged_into
from changed_persons as changed
where person.person_id = changed.person_id
