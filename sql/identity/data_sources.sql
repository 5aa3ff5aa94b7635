-- The data sources of the index, by jumping from one to the next in the index of source identities.
with recursive source as (
    (select data_source from raw.person_records order by data_source limit 1)
    union all
    select (
        select next.data_source
        from raw.person_records as next
        where next.data_source > source.data_source
        order by next.data_source
        limit 1
    )
    from source
    where source.data_source is not null
)
select data_source from source where data_source is not null
