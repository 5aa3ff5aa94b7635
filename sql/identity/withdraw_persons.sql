-- Notes that persons lost records; who has none left is retired and became nobody.
update identity.persons as person
set version = person.version + 1,
    record_count = person.record_count - losing.lost,
    retired_change_id = case when person.record_count = losing.lost then %(change_id)s end
from unnest(%(person_ids)s::uuid[], %(lost)s::integer[]) as losing (person_id, lost)
where person.person_id = losing.person_id
