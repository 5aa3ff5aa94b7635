-- Notes that a steward stated the records of these persons, changed or not.
update identity.persons as person
set version = person.version + 1
from unnest(%(person_ids)s::uuid[], %(versions)s::integer[]) as stated (person_id, version)
where person.person_id = stated.person_id and person.version = stated.version
