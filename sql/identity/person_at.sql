-- The persons that the records of a source identity belonged to at a moment.
select distinct on (record.record_id) record.record_id, event.person_id::text, event.kind, change.change_id, change.at
from raw.person_records as record
join identity.events as event on event.record_id = record.record_id
join identity.changes as change on change.change_id = event.change_id
where record.data_source = %(data_source)s
    and record.source_person_id = %(source_person_id)s
    and event.kind in ('record_assigned', 'record_moved', 'record_withdrawn')
    and change.at <= %(at)s
order by record.record_id, event.change_id desc, event.event_no desc
