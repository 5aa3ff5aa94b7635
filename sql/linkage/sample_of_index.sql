-- About so large a part of the index's cleaned records, drawn by what was delivered and a seed.
select {columns}
from cleaned.person_records as cleaned
join identity.membership using (record_id)
join raw.person_records as delivered using (record_id)
where ('x' || left(md5(%(seed)s::text || encode(delivered.content_hash, 'hex')), 8))::bit(32)::bigint
    < %(part)s * 4294967296
