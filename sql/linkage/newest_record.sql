-- The newest record of a source identity.
select record_id
from cleaned.person_records
where data_source = %s
    and source_person_id = %s
order by record_id desc
limit 1
