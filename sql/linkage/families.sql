-- Pairs of records of one surname and home: (of two humans, of one human), as given name and birth date tell.
-- Reads {records}: records with matching features.
with
homes as (
    select record_id, first_name, given_sets, birth_date, concat_ws('|', last_name, house_number, street) as home
    from {records}
    where last_name is not null and house_number is not null and street is not null
    union all
    select record_id, first_name, given_sets, birth_date, concat_ws('|', last_name, phone) as home
    from {records}
    where last_name is not null and phone is not null
),
-- Institutions are no families, and large blocks would cost more than they teach.
small as (
    select *
    from homes
    qualify count(*) over (partition by home) between 2 and 20
)
select
    count(*) filter (
        jaro_winkler_similarity(l.first_name, r.first_name) < 0.8
        and not coalesce(list_has_any(l.given_sets, r.given_sets), false)
        and damerau_levenshtein(l.birth_date, r.birth_date) > 2
    ) as relatives,
    count(*) filter (l.first_name = r.first_name and damerau_levenshtein(l.birth_date, r.birth_date) <= 1) as selves
from small as l
join small as r on r.home = l.home and r.record_id > l.record_id
where length(l.birth_date) = 10 and length(r.birth_date) = 10
