-- What a batch did to persons, review cases and the crosswalk; no row until it changed identity.
select
    change.change_id,
    (
        select count(*) from identity.persons as person where person.created_change_id = change.change_id
    ) as persons_new,
    (
        select count(*)
        from identity.events as event
        where event.change_id = change.change_id and event.kind = 'person_merged'
    ) as persons_merged,
    (
        select count(*) from identity.review_cases as opened where opened.opened_change_id = change.change_id
    ) as cases_opened,
    (
        select count(*) from identity.review_cases as closed where closed.closed_change_id = change.change_id
    ) as cases_closed
from identity.changes as change
where change.batch_id = %(batch_id)s and change.kind = 'batch'
