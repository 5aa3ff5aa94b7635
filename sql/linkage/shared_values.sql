-- Values that more clearly different humans have than share one in ordinary life (see shared_values.py).
-- Reads the view linkage_delivered (cleaned columns) and the table linkage_thresholds (column_name, most_humans).
-- $looked_at: how many name and birth date combinations of a value are compared, per human allowed.
with
held as (
    select 'social_security_number' as column_name, social_security_number as value, first_name, last_name, birth_date
    from linkage_delivered
    where length(social_security_number) = 9
    union all
    select 'phone', phone, first_name, last_name, birth_date from linkage_delivered
    union all
    select 'email', email, first_name, last_name, birth_date from linkage_delivered
    union all
    -- One street name and number is in many towns.
    select 'address', address || '|' || coalesce(zip_code, city, ''), first_name, last_name, birth_date
    from linkage_delivered
),
-- Cheap first: most values are in few records.
frequent as (
    select held.column_name, held.value
    from held
    join linkage_thresholds as threshold using (column_name)
    where held.value is not null
    group by held.column_name, held.value, threshold.most_humans
    having count(*) > threshold.most_humans
),
-- The same name and birth date is the same human, however many records there are.
humans as (
    select distinct held.column_name, held.value, held.first_name, held.last_name, held.birth_date
    from held
    join frequent using (column_name, value)
    where held.last_name is not null and length(held.birth_date) = 10
),
placed as (
    select
        humans.*,
        threshold.most_humans,
        row_number() over (
            partition by humans.column_name, humans.value
            order by md5(concat_ws('|', humans.birth_date, humans.last_name, humans.first_name))
        ) as place
    from humans
    join linkage_thresholds as threshold using (column_name)
    qualify count(*) over (partition by humans.column_name, humans.value) > threshold.most_humans
),
looked_at as (
    select * from placed where place <= $looked_at * (most_humans + 5)
),
-- A human counts who is near to none before: so those counted are all clearly different from one another.
apart as (
    select one.column_name, one.value, one.most_humans
    from looked_at as one
    left join looked_at as other
        on other.column_name = one.column_name
        and other.value = one.value
        and other.place < one.place
        and (
            (
                (
                    damerau_levenshtein(one.birth_date, other.birth_date) <= 2
                    or (one.birth_date[:4] = other.birth_date[:4])::integer
                    + (one.birth_date[6:7] = other.birth_date[6:7])::integer
                    + (one.birth_date[9:] = other.birth_date[9:])::integer >= 2
                )
                and (
                    coalesce(jaro_winkler_similarity(one.first_name, other.first_name), 1) >= 0.85
                    or jaro_winkler_similarity(one.last_name, other.last_name) >= 0.85
                )
            )
            or (
                coalesce(jaro_winkler_similarity(one.first_name, other.first_name), 1) >= 0.9
                and jaro_winkler_similarity(one.last_name, other.last_name) >= 0.9
            )
        )
    where other.place is null
)
select column_name, value, count(*)::integer as humans
from apart
group by column_name, value, most_humans
having count(*) > most_humans
order by column_name, value
