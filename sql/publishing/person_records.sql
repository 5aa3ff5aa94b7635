-- Every record with the person it belongs to now, as delivered; of some data sources, one batch, some days when asked.
select
    member.person_id, record.source_person_id, record.data_source, record.first_name, record.last_name, record.sex,
    record.race, record.birth_date, record.death_date, record.social_security_number, record.address, record.city,
    record.state, record.zip_code, record.county, record.phone
from raw.person_records as record
join identity.membership as member on member.record_id = record.record_id
where (%(data_sources)s::text[] is null or record.data_source = any (%(data_sources)s))
    and (%(scope)s::text[] is null or record.data_source = any (%(scope)s))
    and (
        (%(batch_no)s::bigint is null and %(since)s::timestamptz is null and %(before)s::timestamptz is null)
        or record.batch_id in (
            select batch.batch_id
            from intake.batches as batch
            where (%(batch_no)s::bigint is null or batch.batch_no = %(batch_no)s)
                and (%(since)s::timestamptz is null or batch.created_at >= %(since)s)
                and (%(before)s::timestamptz is null or batch.created_at < %(before)s)
        )
    )
