-- Of what a model has learnt: the frequencies of the values in pg_temp.occurring_values, the rarest of each column
-- (which stands for values never seen; of a learnt factor its only one), and the values shared by many.
select learnt.column_name, learnt.value, learnt.frequency
from pg_temp.occurring_values as occurring
join matching.term_frequencies as learnt
    on learnt.model_id = %(model_id)s
    and learnt.column_name = occurring.column_name
    and learnt.value = occurring.value
union
select rarest.column_name, rarest.value, rarest.frequency
from unnest(%(columns)s::text[]) as named (column_name)
cross join lateral (
    select column_name, value, frequency
    from matching.term_frequencies
    where model_id = %(model_id)s
        and term_frequencies.column_name = named.column_name
    order by frequency
    limit 1
) as rarest
union all
select 'shared:' || column_name, value, humans
from matching.shared_values
where model_id = %(model_id)s
