-- Registers object versions in the order given; those the ledger has already stay as they are.
insert into intake.arrivals (bucket, object_key, object_version, etag, size_bytes, last_modified, batch_id)
select listed.bucket, listed.object_key, listed.object_version, listed.etag, listed.size_bytes, listed.last_modified, %(batch_id)s
from unnest(
    %(buckets)s::text[], %(keys)s::text[], %(versions)s::text[], %(etags)s::text[], %(sizes)s::bigint[], %(times)s::timestamptz[]
) with ordinality as listed (bucket, object_key, object_version, etag, size_bytes, last_modified, place)
order by listed.place
on conflict (bucket, object_key, object_version) do nothing
