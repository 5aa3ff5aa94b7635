-- How a model was trained; the first training of the same model stands.
insert into matching.model_training
    (model_id, start_model_id, seed, records, sampled_records, labelled_pairs, decided_pairs, seen_change_id, report,
     trained_by)
values
    (%(model_id)s, %(start_model_id)s, %(seed)s, %(records)s, %(sampled_records)s, %(labelled_pairs)s,
     %(decided_pairs)s, %(seen_change_id)s, %(report)s, %(trained_by)s)
on conflict (model_id) do nothing
