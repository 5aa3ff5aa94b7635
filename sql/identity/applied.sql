-- What the change of a batch did; no row when the batch was not applied yet.
select
    change.change_id,
    (select count(*) from identity.events where events.change_id = change.change_id and kind = 'record_assigned'),
    (select count(*) from identity.persons where created_change_id = change.change_id),
    (select count(*) from identity.events where events.change_id = change.change_id and kind = 'person_merged'),
    (select count(*) from identity.events where events.change_id = change.change_id and kind = 'record_moved'),
    (select count(*) from identity.review_cases where opened_change_id = change.change_id),
    (
        select count(*)
        from identity.review_cases
        where updated_change_id = change.change_id and opened_change_id <> change.change_id and status = 'open'
    ),
    (select count(*) from identity.review_cases where closed_change_id = change.change_id)
from identity.changes as change
where change.kind = 'batch' and change.batch_id = %(batch_id)s
