-- How many of the persons that own a record of this batch hold how many records.
select person.record_count, count(*)
from identity.persons as person
where person.person_id in (
    select membership.person_id
    from raw.person_records as record
    join identity.membership using (record_id)
    where record.batch_id = %(batch_id)s
)
group by person.record_count
order by person.record_count
