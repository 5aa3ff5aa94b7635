-- Persons, those known to more than one data source, and open review cases.
select
    count(*) as persons,
    count(*) filter (where person.data_sources > 1) as overlaps,
    (select count(*) from identity.review_cases where status = 'open') as open_review_cases
from (
    select person_id, count(distinct data_source) as data_sources
    from publishing.crosswalk
    group by person_id
) as person
