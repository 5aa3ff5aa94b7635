-- Which of these object versions the ledger has.
select arrival.bucket, arrival.object_key, arrival.object_version
from unnest(%(buckets)s::text[], %(keys)s::text[], %(versions)s::text[]) as listed (bucket, object_key, object_version)
join intake.arrivals as arrival using (bucket, object_key, object_version)
