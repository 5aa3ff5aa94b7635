-- Pairs of records that cannot be one human, with the first reason that applies (codes: GUARD_REASONS in identity/case_reasons.py).
-- Reads the views guard_pairs (record_id_l, record_id_r), guard_attributes and name_sets (name, name_set).
-- What starts with $ stands for another statement of this folder, by name: a single record goes through them alone.
with
sets as (
    select name, list(name_set) as name_sets
    from name_sets
    group by name
),
named_attributes as (
    select guard_attributes.*, coalesce(sets.name_sets, []) as name_sets
    from guard_attributes
    left join sets on sets.name = split_part(guard_attributes.first_name, ' ', 1)
    where guard_attributes.record_id in (select record_id_l from guard_pairs union all select record_id_r from guard_pairs)
),
people as (
    $guard_people
),
judged as (
    $guard_reasons
)
select record_id_l, record_id_r, reason
from judged
where reason is not null
