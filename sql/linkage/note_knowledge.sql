-- Keeps a comparison of what a model knows with what the index shows.
insert into matching.knowledge_checks (model_id, records, frozen_family_share, family_share, shared_values_unknown)
values (%(model_id)s, %(records)s, %(frozen_family_share)s, %(family_share)s, %(shared_values_unknown)s)
