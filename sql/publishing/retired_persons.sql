-- Each retired person_id and the living person it resolves to.
select retired_person_id::text as retired_person_id, person_id::text as person_id
from publishing.retired_persons
order by retired_person_id
