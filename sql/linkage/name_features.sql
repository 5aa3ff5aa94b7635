-- What matching derives from a name alone: its words and its sound, beside all that names has (name, never NULL).
with
letters as (
    select
        *,
        regexp_replace(name, '[^a-z]', '', 'g') as plain,
        string_split_regex(name, '[^a-z0-9'']+') as words
    from names
),
-- Spellings of one sound brought to one spelling, before letters become sound classes.
respelled as (
    select
        * exclude (plain),
        regexp_replace(
            replace(replace(replace(replace(replace(replace(plain, 'sch', 's'), 'ph', 'f'), 'gh', 'g'), 'ck', 'k'), 'tz', 's'), 'x', 'ks'),
            '^(kn|gn|wr|ps|mac|mc)', 'm'
        ) as respelling,
        case substr(plain, 1, 2) when 'kn' then 'n' when 'gn' then 'n' when 'wr' then 'r' when 'ps' then 's' when 'ph' then 'f'
            else translate(substr(plain, 1, 1), 'eiouycqzjv', 'aaaaakksgf') end as first_sound
    from letters
)
-- The consonants as sound classes (close to Soundex, Russell 1918), runs of one class taken as one, vowels dropped.
select
    * exclude (respelling, first_sound),
    nullif(first_sound || left(
        replace(replace(replace(replace(replace(replace(replace(
            translate(substr(respelling, 2), 'bfpvcgjkqszdtlmnraeiouyhw', '11112222222334556'),
            '11', '1'), '22', '2'), '33', '3'), '44', '4'), '55', '5'), '66', '6'), '22', '2'),
        4
    ), '') as sound
from respelled
