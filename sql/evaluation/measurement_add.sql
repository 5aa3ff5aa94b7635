-- A new entry in the history of measurements.
insert into evaluation.measurements (kind, actor, change_id, model_id)
values (%(kind)s, %(actor)s, %(change_id)s, (select model_id from matching.model where is_active))
returning measurement_id
