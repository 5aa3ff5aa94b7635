-- Matching features of cleaned records: one row per record, in the columns of `empi_pipeline.linkage.features.FEATURES`.
-- Reads the views cleaned_records (record_id and the cleaned columns) and name_sets (name, name_set).
-- What starts with $ stands for another statement of this folder, by name: a single record goes through them alone.
with
-- Everything that depends on a name alone is computed once per distinct name: there are far fewer names than records.
names as (
    select distinct name
    from (select unnest([first_name, last_name]) as name from cleaned_records) as every
    where name is not null
),
sounds as (
    $name_features
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
),
records_with_names as (
    select
        cleaned_records.*,
        given.sets as given_sets,
        given.sound as given_sound,
        given.words as given_words,
        family.sound as family_sound,
        family.words as family_words
    from cleaned_records
    left join named as given on given.name = cleaned_records.first_name
    left join named as family on family.name = cleaned_records.last_name
)
$record_features
