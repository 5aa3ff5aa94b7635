-- Reports about touched records, each once.
select reported.says = 'same' as is_same, reported.record_id_l, reported.record_id_r
from touched_records as touched
join identity.reported_pairs as reported on reported.record_id_l = touched.record_id
union all
select reported.says = 'same', reported.record_id_l, reported.record_id_r
from touched_records as touched
join identity.reported_pairs as reported on reported.record_id_r = touched.record_id
where not exists (select from touched_records as other where other.record_id = reported.record_id_l)
