-- The figures of the identity room.
select
    (select count(*) from identity.membership),
    (select count(*) from identity.persons where retired_change_id is null),
    (select count(*) from identity.persons where retired_change_id is not null),
    (select count(*) from identity.review_cases where status = 'open'),
    (select count(*) from identity.decisions where revoked_change_id is null),
    (select coalesce(max(change_id), 0) from identity.changes)
