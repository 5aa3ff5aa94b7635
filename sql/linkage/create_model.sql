-- A new match model; its number.
insert into matching.model
    (name, settings, potential_threshold, auto_threshold, term_frequency_prior, guards, digest, created_by,
     refrozen_model_id)
values
    (%(name)s, %(settings)s, %(potential_threshold)s, %(auto_threshold)s, %(term_frequency_prior)s, %(guards)s,
     %(digest)s, %(created_by)s, %(refrozen_model_id)s)
returning model_id
