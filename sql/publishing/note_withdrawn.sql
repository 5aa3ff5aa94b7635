-- Persons about whom the next publication tells the change feed that something of them was withdrawn.
insert into publishing.withdrawn_persons as noted (person_id, change_id, crosswalk_rows)
select person_id, %(change_id)s, crosswalk_rows
from unnest(%(person_ids)s::uuid[], %(crosswalk_rows)s::bigint[]) as withdrawn (person_id, crosswalk_rows)
on conflict (person_id) do update
set change_id = excluded.change_id,
    crosswalk_rows = noted.crosswalk_rows + excluded.crosswalk_rows
