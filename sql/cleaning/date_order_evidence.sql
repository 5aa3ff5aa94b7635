-- Per data source and date column: how many values can only be day first, and how many only month first.
with delivered as (
    unpivot (
        select
            data_source::varchar as data_source,
            coalesce(trim(birth_date::varchar), '') as birth_date,
            coalesce(trim(death_date::varchar), '') as death_date
        from cleaning_delivery
    )
    on birth_date, death_date into name date_column value delivered_date
),

shapes as (
    select
        data_source,
        date_column,
        try_cast(regexp_extract(delivered_date, '^([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4}|[0-9]{2})([ T].*)?$', 1) as integer) as first_part,
        try_cast(regexp_extract(delivered_date, '^([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4}|[0-9]{2})([ T].*)?$', 2) as integer) as second_part
    from delivered
)

select
    data_source,
    date_column,
    count(*) filter (where first_part between 13 and 31 and second_part between 1 and 12) as day_first,
    count(*) filter (where second_part between 13 and 31 and first_part between 1 and 12) as month_first
from shapes
group by data_source, date_column
order by data_source, date_column
