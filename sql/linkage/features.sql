-- Matching features of cleaned records: one row per record, in the columns of `empi_pipeline.linkage.features.FEATURES`.
-- Reads the views cleaned_records (record_id and the cleaned columns) and name_sets (name, name_set).
with
-- Everything that depends on a name alone is computed once per distinct name: there are far fewer names than records.
names as (
    select distinct unnest([first_name, last_name]) as name
    from cleaned_records
),
letters as (
    select
        name,
        regexp_replace(name, '[^a-z]', '', 'g') as plain,
        string_split_regex(name, '[^a-z0-9'']+') as words
    from names
    where name is not null
),
-- Spellings of one sound brought to one spelling, before letters become sound classes.
respelled as (
    select
        name,
        words,
        regexp_replace(
            replace(replace(replace(replace(replace(replace(plain, 'sch', 's'), 'ph', 'f'), 'gh', 'g'), 'ck', 'k'), 'tz', 's'), 'x', 'ks'),
            '^(kn|gn|wr|ps|mac|mc)', 'm'
        ) as respelling,
        case substr(plain, 1, 2) when 'kn' then 'n' when 'gn' then 'n' when 'wr' then 'r' when 'ps' then 's' when 'ph' then 'f'
            else translate(substr(plain, 1, 1), 'eiouycqzjv', 'aaaaakksgf') end as first_sound
    from letters
),
-- The consonants as sound classes (close to Soundex, Russell 1918), runs of one class taken as one, vowels dropped.
sounds as (
    select
        name,
        words,
        nullif(first_sound || left(
            replace(replace(replace(replace(replace(replace(replace(
                translate(substr(respelling, 2), 'bfpvcgjkqszdtlmnraeiouyhw', '11112222222334556'),
                '11', '1'), '22', '2'), '33', '3'), '44', '4'), '55', '5'), '66', '6'), '22', '2'),
            4
        ), '') as sound
    from respelled
),
sets as (
    select name, list_sort(list(name_set)) as sets
    from name_sets
    group by name
),
named as (
    select sounds.name, sounds.words, sounds.sound, coalesce(whole.sets, first_word.sets) as sets
    from sounds
    left join sets as whole on whole.name = sounds.name
    left join sets as first_word on first_word.name = sounds.words[1]
)
select
    cleaned_records.*,
    given.sets as given_sets,
    given.sound as given_sound,
    case
        when len(given.words) > 1 or length(cleaned_records.middle_name) > 1
            then list_filter(list_concat(given.words, [cleaned_records.middle_name]), lambda word: length(word) > 1)
        else [cleaned_records.first_name]
    end as given_parts,
    family.sound as family_sound,
    case when len(family.words) > 1
        then list_filter(family.words, lambda word: length(word) > 2) else [cleaned_records.last_name]
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
from cleaned_records
left join named as given on given.name = cleaned_records.first_name
left join named as family on family.name = cleaned_records.last_name
