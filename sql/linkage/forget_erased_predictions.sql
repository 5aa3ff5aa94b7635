-- Deletes predictions of a batch about records that were erased while it was scored.
delete from matching.predictions as prediction
where prediction.batch_id = %(batch_id)s
    and (
        not exists (select from raw.person_records as record where record.record_id = prediction.record_id_l)
        or not exists (select from raw.person_records as record where record.record_id = prediction.record_id_r)
    )
