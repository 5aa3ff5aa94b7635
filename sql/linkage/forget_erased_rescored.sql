-- Deletes rescored pairs about records that were erased after the records to score were read.
delete from matching.rescored_predictions as prediction
where exists (select from identity.withdrawals where change_id > %(seen_change_id)s)
    and (
        not exists (select from raw.person_records as record where record.record_id = prediction.record_id_l)
        or not exists (select from raw.person_records as record where record.record_id = prediction.record_id_r)
    )
