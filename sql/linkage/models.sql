-- Match models by number, by name or by being active; the newest first.
select
    model_id,
    name,
    settings,
    potential_threshold,
    auto_threshold,
    term_frequency_prior,
    digest,
    guards,
    is_active,
    frozen_at,
    created_at,
    created_by,
    frozen_records,
    refrozen_model_id
from matching.model
where (%(model_id)s::integer is null or model_id = %(model_id)s)
  and (%(name)s::text is null or name = %(name)s)
  and (not %(only_active)s or is_active)
order by model_id desc
