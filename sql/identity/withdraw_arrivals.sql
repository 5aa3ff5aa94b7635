-- Notes in the ledger of arrivals how many of their new rows are erased, so that their counts still reconcile.
update intake.arrivals as arrival
set rows_withdrawn = arrival.rows_withdrawn + erased.records
from (
    select arrival_id, count(*) as records
    from raw.person_records
    where record_id = any (%(record_ids)s)
    group by arrival_id
) as erased
where arrival.arrival_id = erased.arrival_id
