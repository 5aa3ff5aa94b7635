-- Compared source identities by subgroup: how many, how many share their person with another human, how many have others
-- of their human elsewhere.
with items as (
    select identity_no, human_no, person_id, max(record_id) as record_id
    from compared
    group by identity_no, human_no, person_id
),
persons as (
    select person_id, count(distinct human_no) > 1 as overlaid
    from items
    group by person_id
),
humans as (
    select human_no, count(distinct person_id) > 1 as split
    from items
    group by human_no
)
select
    case
        when grouping(record.data_source) = 0 then 'data_source'
        when grouping(record.sex) = 0 then 'sex'
        when grouping(record.race) = 0 then 'race'
        else 'age_band'
    end as dimension,
    coalesce(record.data_source, record.sex, record.race, record.age_band) as label,
    count(*) as identities,
    count(*) filter (where persons.overlaid) as overlaid,
    count(*) filter (where humans.split) as split
from items
join persons using (person_id)
join humans using (human_no)
join evaluation.subgroups as record using (record_id)
group by grouping sets ((record.data_source), (record.sex), (record.race), (record.age_band))
order by dimension, label
