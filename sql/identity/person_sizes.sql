-- How many of the persons that a batch touched own how many records.
select person.record_count, count(*)
from identity.persons as person
where person.person_id in (
    select membership.person_id
    from raw.person_records as record
    join identity.membership as membership on membership.record_id = record.record_id
    where record.batch_id = %(batch_id)s
)
group by person.record_count
order by person.record_count
