-- The publications already exported whose part of the change feed holds some of its entries.
select through_change_id
from publishing.publications
where exported_at is not null
    and exists (
        select
        from unnest(%(change_nos)s::bigint[]) as held (change_no)
        where held.change_no > publications.after_change_no and held.change_no <= publications.last_change_no
    )
order by through_change_id
