-- Some records of a data source; all of them where it has fewer.
select record_id
from raw.person_records
where data_source = %(data_source)s
limit %(limit)s
