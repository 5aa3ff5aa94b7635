-- A new sample.
insert into evaluation.samples (actor, model_id, change_id, potential_bits, auto_bits, seed, allocation, pairs_unscored)
values (
    %(actor)s, %(model_id)s, %(change_id)s, %(potential_bits)s, %(auto_bits)s, %(seed)s, %(allocation)s, %(pairs_unscored)s
)
returning sample_id
