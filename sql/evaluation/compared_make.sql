-- The records of the index whose human is known, each with its source identity and its person.
create temporary table compared on commit drop as
select record.record_id, truth.identity_no, truth.human_no, membership.person_id
from truth
join raw.person_records as record using (data_source, source_person_id)
join identity.membership using (record_id)
