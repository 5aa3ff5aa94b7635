-- How many source identities the truth names, how many of these are in the index, and how many the index has.
select
    (select count(*) from truth) as named,
    (select count(distinct identity_no) from compared) as in_index,
    (
        select count(*)
        from (
            select distinct record.data_source, record.source_person_id
            from raw.person_records as record
            join identity.membership using (record_id)
        ) as indexed
    ) as indexed
