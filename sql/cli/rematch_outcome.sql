-- What rematches after a given identity change did to persons and review cases.
with rematch as (
    select change_id from identity.changes where change_id > %(after_change_id)s and kind = 'rematch'
)
select
    (
        select count(*) from identity.events join rematch using (change_id) where events.kind = 'person_merged'
    ) as persons_merged,
    (
        select count(*) from identity.events join rematch using (change_id) where events.kind = 'person_split'
    ) as persons_split,
    (
        select count(*) from identity.review_cases join rematch on opened_change_id = change_id
    ) as cases_opened,
    (
        select count(*) from identity.review_cases join rematch on closed_change_id = change_id
    ) as cases_closed,
    (select count(*) from identity.review_cases where status = 'open') as open_review_cases
