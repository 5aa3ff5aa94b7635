-- Duplicates by data source: source identities whose person has another one in the same source, beyond the first.
select data_source, count(*) - count(distinct person_id) as duplicates
from publishing.crosswalk
group by data_source
order by data_source
