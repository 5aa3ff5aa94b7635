-- The batches that these object versions belong to, oldest first.
select batch.batch_id
from unnest(%(buckets)s::text[], %(keys)s::text[], %(versions)s::text[]) as named (bucket, object_key, object_version)
join intake.arrivals as arrival
    on arrival.bucket = named.bucket
    and arrival.object_key = named.object_key
    and arrival.object_version = named.object_version
join intake.batches as batch on batch.batch_id = arrival.batch_id
group by batch.batch_id, batch.batch_no
order by batch.batch_no
