-- Columns that a data source used to fill (9 of 10 records of its earlier 20 batches' sample) and nearly stopped to (under half).
with filled as (
    select
        record.batch_id = %(batch_id)s as is_now,
        record.data_source,
        value.column_name,
        count(*) as records,
        count(value.given) as given
    from (
        (select * from cleaned.person_records where batch_id = %(batch_id)s)
        union all
        (
            select cleaned.*
            from cleaned.person_records as cleaned
            where cleaned.batch_id <> %(batch_id)s
            order by cleaned.record_id desc
            limit 20000
        )
    ) as record
    cross join lateral (
        values
            ('first_name', record.first_name),
            ('last_name', record.last_name),
            ('sex', record.sex),
            ('birth_date', record.birth_date),
            ('social_security_number', record.social_security_number),
            ('address', record.address),
            ('zip_code', record.zip_code),
            ('phone', record.phone)
    ) as value (column_name, given)
    group by is_now, record.data_source, value.column_name
)
select now.data_source || ': ' || now.column_name as problem, now.records - now.given as affected
from filled as now
join filled as before using (data_source, column_name)
where now.is_now and not before.is_now
  and now.records >= 50 and before.records >= 50
  and before.given * 10 >= before.records * 9
  and now.given * 2 < now.records
