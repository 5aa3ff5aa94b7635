-- Which of the data sources named have no row in the crosswalk.
select named
from unnest(%(data_sources)s::text[]) as named
where not exists (select from publishing.crosswalk where crosswalk.data_source = named)
order by named
