-- Rates counted in persons, of the whole index and by data source (a person counts for each source that knows it).
-- overlap: known to another source too. overlay: an open case asks whether it is two. in_review: any open case.
with known as (
    select person_id, data_source
    from indexed
    group by person_id, data_source
),
persons as (
    select person_id, count(*) > 1 as elsewhere
    from known
    group by person_id
),
judged as (
    select person_id, persons.elsewhere, coalesce(asked.overlay, false) as overlay, asked.person_id is not null as in_review
    from persons
    left join asked_persons as asked using (person_id)
),
counted as (
    select
        'all' as dimension,
        'all' as label,
        count(*) as persons,
        count(*) filter (where elsewhere) as overlap,
        count(*) filter (where overlay) as overlay,
        count(*) filter (where in_review) as in_review
    from judged
    union all
    select
        'data_source',
        known.data_source,
        count(*),
        count(*) filter (where judged.elsewhere),
        count(*) filter (where judged.overlay),
        count(*) filter (where judged.in_review)
    from known
    join judged using (person_id)
    group by known.data_source
)
select rate.name as rate, dimension, label, rate.numerator, persons as denominator
from counted
cross join lateral (
    values ('overlap', overlap), ('overlay', overlay), ('in_review', in_review)
) as rate (name, numerator)
