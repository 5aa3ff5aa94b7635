-- Matching features of records whose names' own are known. Reads records_with_names: the cleaned columns, given_sets,
-- given_sound, given_words, family_sound and family_words.
select
    * exclude (given_words, family_words),
    case
        when len(given_words) > 1 or length(middle_name) > 1
            then list_filter(list_concat(given_words, [middle_name]), lambda word: length(word) > 1)
        else [first_name]
    end as given_parts,
    case when len(family_words) > 1
        then list_filter(family_words, lambda word: length(word) > 2) else [last_name]
    end as family_parts,
    try_cast(substr(birth_date, 1, 4) as smallint) as birth_year,
    try_cast(substr(birth_date, 6, 2) as smallint) as birth_month,
    try_cast(substr(birth_date, 9, 2) as smallint) as birth_day,
    case when length(social_security_number) in (4, 9) then right(social_security_number, 4) end as ssn_last4,
    nullif(regexp_extract(address, '^[0-9]+'), '') as house_number,
    nullif(regexp_replace(address, '^[0-9]+[a-z]?(\s+|$)', ''), '') as street,
    -- Words with a meaning of their own come last in a street's name, and are misspelt or left out there.
    nullif(regexp_extract(regexp_replace(address, '^[0-9]+[a-z]?(\s+|$)', ''), '([a-z0-9]{3,})', 1), '') as street_word,
    address || ', ' || coalesce(zip_code, city) as home,
    split_part(previous_last_names, '|', 1) as previous_name,
    string_split(previous_last_names, '|') as previous_names,
    string_split(other_addresses, '|') as other_homes,
    nullif(regexp_extract(other_addresses, '^[0-9]+'), '') as other_house_number,
    nullif(regexp_extract(
        regexp_replace(split_part(split_part(other_addresses, '|', 1), ',', 1), '^[0-9]+[a-z]?(\s+|$)', ''), '([a-z0-9]{3,})', 1
    ), '') as other_street_word,
    string_split(identifiers, '|') as identifier_set,
    split_part(identifiers, '|', 1) as identifier_1,
    nullif(split_part(identifiers, '|', 2), '') as identifier_2,
    -- The same in every record: their "term frequencies" say how much of a family the records are, and how large a
    -- crowd (term_frequency.py).
    'any' as family,
    'any' as crowd
from records_with_names
