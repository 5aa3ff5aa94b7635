-- Over the whole index: records of applied batches without a person, members without a record, wrong counts, lost ids.
select 'record of an applied batch without a person' as problem, count(*) as affected
from raw.person_records as record
where not exists (select from identity.membership where membership.record_id = record.record_id)
  and exists (select from identity.changes where kind = 'batch' and changes.batch_id = record.batch_id)
union all
select 'member without a record', count(*)
from identity.membership
where not exists (select from raw.person_records as record where record.record_id = membership.record_id)
union all
select 'person with a wrong record count', count(*)
from identity.persons as person
left join (select person_id, count(*) as records from identity.membership group by person_id) as counted using (person_id)
where person.record_count <> coalesce(counted.records, 0)
union all
select 'retired person that resolves to nobody', count(*)
from identity.persons as person
left join publishing.retired_persons as retired on retired.retired_person_id = person.person_id
left join identity.persons as successor on successor.person_id = retired.person_id
where person.retired_change_id is not null
  and person.merged_into is not null
  and (successor.person_id is null or successor.retired_change_id is not null)
