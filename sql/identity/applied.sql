-- What the change of a batch did.
select
    %(change_id)s::bigint,
    (select count(*) from identity.events where events.change_id = %(change_id)s and kind = 'record_assigned'),
    (select count(*) from identity.persons where created_change_id = %(change_id)s),
    (select count(*) from identity.events where events.change_id = %(change_id)s and kind = 'person_merged'),
    (select count(*) from identity.events where events.change_id = %(change_id)s and kind = 'record_moved'),
    (select count(*) from identity.review_cases where opened_change_id = %(change_id)s),
    (
        select count(*)
        from identity.review_cases
        where updated_change_id = %(change_id)s and opened_change_id <> %(change_id)s and status = 'open'
    ),
    (select count(*) from identity.review_cases where closed_change_id = %(change_id)s)
