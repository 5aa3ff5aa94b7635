-- What the guards look at in a record. Reads named_attributes: the attributes, and name_sets of the given name's first word.
select
    record_id,
    first_name,
    last_name,
    middle_name,
    list_filter(
        string_split_regex(first_name, '[^a-z0-9'']+'), lambda part: length(part) > 1
    ) as given_parts,
    name_sets,
    split_part(first_name, ' ', 1) as given_word,
    nullif(split_part(first_name, ' ', 2), '') as second_word,
    sex,
    case when length(birth_date) = 10 then birth_date end as birth_date,
    case when length(birth_date) = 10 then try_cast(left(birth_date, 4) as integer) end as birth_year,
    case when length(birth_date) = 10 then substr(birth_date, 6, 2) end as birth_month,
    case when length(birth_date) = 10 then substr(birth_date, 9, 2) end as birth_day,
    case when length(social_security_number) >= 7 then social_security_number end as ssn,
    case when length(social_security_number) in (4, 9) then right(social_security_number, 4) end as ssn_end,
    case when starts_with(name_suffix, 'twin ') then name_suffix end as twin,
    case
        when name_suffix in ('sr', 'senior', 'i', '1st') then 1
        when name_suffix in ('jr', 'junior', 'ii', '2nd') then 2
        when name_suffix in ('iii', '3rd') then 3
        when name_suffix in ('iv', '4th') then 4
        when name_suffix in ('v', '5th') then 5
    end as generation
from named_attributes
