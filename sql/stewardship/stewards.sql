-- Who wrote notes or decided lately: names to hand a case to.
select actor
from (
    (select actor from identity.notes order by note_id desc limit 500)
    union
    (select actor from identity.changes where kind in ('decision', 'undo') order by change_id desc limit 500)
) as acting
order by actor
limit 100
