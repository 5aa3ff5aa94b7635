-- Makes room for the predictions of a rematch; those of batches that are not applied yet stay.
delete from matching.predictions
where exists (select from identity.membership where membership.record_id = predictions.record_id_l)
    and exists (select from identity.membership where membership.record_id = predictions.record_id_r)
