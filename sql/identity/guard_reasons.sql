-- Why the two records of a pair cannot be one human: the first reason that applies (codes: GUARD_REASONS in identity/case_reasons.py),
-- else NULL. Of pairs: record_id_l, record_id_r and both records as guard_people.sql has them, l and r. Families: whether members of
-- one family are among the records, so that one family name and home do not vouch for one human.
with
compared as (
    select
        record_id_l,
        record_id_r,
        l.first_name = r.first_name as given_same,
        l.first_name is null or r.first_name is null or coalesce(
            l.first_name = r.first_name
            or list_has_any(l.name_sets, r.name_sets)
            or list_has_any(l.given_parts, r.given_parts)
            -- One goes by the middle name; the middle name of the other, if known, must then be the first name.
            or (l.middle_name = r.first_name and coalesce(left(r.middle_name, 1) = left(l.first_name, 1), true))
            or (r.middle_name = l.first_name and coalesce(left(l.middle_name, 1) = left(r.first_name, 1), true))
            -- An initial, or a letter gone astray, says too little.
            or least(length(l.first_name), length(r.first_name)) = 1
            or damerau_levenshtein(l.first_name, r.first_name) <= case when least(length(l.first_name), length(r.first_name)) < 6 then 1 else 2 end
            or jaro_winkler_similarity(l.first_name, r.first_name) >= 0.8
            or starts_with(l.first_name, r.first_name)
            or starts_with(r.first_name, l.first_name)
            -- A slip in a short form, or in the first of two names.
            or (
                least(length(l.given_word), length(r.given_word)) >= 4
                and damerau_levenshtein(
                    left(l.given_word, length(r.given_word)), left(r.given_word, length(l.given_word))
                ) <= 1
            )
            -- Each has the other's given name for a middle initial.
            or (left(l.middle_name, 1) = left(r.first_name, 1) and left(r.middle_name, 1) = left(l.first_name, 1))
            or greatest(
                jaro_winkler_similarity(l.first_name, r.last_name), jaro_winkler_similarity(l.last_name, r.first_name)
            ) >= 0.9,
            false
        ) as given_near,
        coalesce(
            l.first_name = r.first_name
            or list_has_any(l.name_sets, r.name_sets)
            or list_has_any(l.given_parts, r.given_parts)
            -- Slips rarely hit the first letter; Hayden and Jayden are two.
            or (left(l.first_name, 1) = left(r.first_name, 1) and damerau_levenshtein(l.first_name, r.first_name) <= 1)
            or (least(length(l.first_name), length(r.first_name)) = 1 and left(l.first_name, 1) = left(r.first_name, 1))
            or l.middle_name = r.first_name
            or r.middle_name = l.first_name
            or (left(l.middle_name, 1) = left(r.first_name, 1) and left(r.middle_name, 1) = left(l.first_name, 1))
            or greatest(
                jaro_winkler_similarity(l.first_name, r.last_name), jaro_winkler_similarity(l.last_name, r.first_name)
            ) >= 0.9,
            false
        ) as given_close,
        coalesce(left(l.middle_name, 1) <> left(r.middle_name, 1), false) as middle_differs,
        -- Mary Ann and Mary Beth.
        coalesce(
            l.second_word not in (r.second_word, r.given_word) and length(l.second_word) > 1 and length(r.second_word) > 1
            and jaro_winkler_similarity(l.second_word, r.second_word) < 0.8, false
        ) as second_name_differs,
        coalesce(
            jaro_winkler_similarity(l.last_name, r.last_name) < 0.8
            and not list_has_any(string_split(l.last_name, ' '), string_split(r.last_name, ' ')), false
        ) as surname_differs,
        coalesce(
            l.birth_date = r.birth_date
            or damerau_levenshtein(l.birth_date, r.birth_date) <= 2
            or (l.birth_year = r.birth_year)::integer + (l.birth_month = r.birth_month)::integer + (l.birth_day = r.birth_day)::integer >= 2
            or (l.birth_year = r.birth_year and l.birth_month = r.birth_day and l.birth_day = r.birth_month)
            -- The first of January stands for a day nobody knew.
            or (l.birth_year = r.birth_year and '01-01' in (substr(l.birth_date, 6), substr(r.birth_date, 6))),
            true
        ) as birth_near,
        l.birth_date is not null and r.birth_date is not null as birth_known,
        coalesce(l.birth_year = r.birth_year or l.birth_month = r.birth_month or l.birth_day = r.birth_day, true) as birth_shares_part,
        coalesce(abs(l.birth_year - r.birth_year), 0) as years_apart,
        coalesce(l.ssn = r.ssn, false) as ssn_same,
        coalesce(l.ssn_end = r.ssn_end and (l.ssn = r.ssn or l.ssn is null or r.ssn is null), false) as ssn_agrees,
        -- Twins get their numbers in sequence.
        coalesce(left(l.ssn, 7) = left(r.ssn, 7) and l.ssn <> r.ssn and length(l.ssn) = 9 and length(r.ssn) = 9, false)
            as ssn_in_sequence,
        l.twin is distinct from r.twin as twin_differs,
        l.twin is not null and r.twin is not null as twin_known,
        l.first_name is null or r.first_name is null as given_unknown,
        -- Paul and Paula, Alexander and Alexandra; short forms of one name may be either's.
        coalesce(
            l.first_name <> r.first_name and not list_has_any(l.name_sets, r.name_sets)
            and left(l.first_name, 3) = left(r.first_name, 3) and right(l.first_name, 1) <> right(r.first_name, 1)
            and (
                starts_with(l.first_name, r.first_name) or starts_with(r.first_name, l.first_name)
                or damerau_levenshtein(l.first_name, r.first_name) <= 2
            ),
            false
        ) as given_of_other_sex,
        coalesce(damerau_levenshtein(l.ssn, r.ssn) > 2, false) as ssn_clear,
        coalesce(damerau_levenshtein(l.ssn, r.ssn) <= 1, false) as ssn_near,
        coalesce(l.sex in ('f', 'm') and r.sex in ('f', 'm') and l.sex <> r.sex, false) as sex_differs,
        coalesce(l.generation <> r.generation, false) as generation_differs,
        (l.generation is null) <> (r.generation is null) as generation_of_one
    from $pairs
)
select
    record_id_l,
    record_id_r,
    case
        -- Father and son, two of one name.
        when generation_differs or (twin_differs and twin_known) then 'suffix'
        -- A twin without a name may be either.
        when twin_differs and given_unknown and not ssn_same then 'given_name'
        -- Siblings, twins, spouses. One SSN, and no other birth date, under two given names may be one human misnamed.
        when $families and not given_near and not ((ssn_same or ssn_agrees) and birth_near and birth_known) then 'given_name'
        -- Two names that are only similar, or none, and another middle name: two of a family named alike.
        when $families and middle_differs and not given_close then 'given_name'
        when $families and second_name_differs then 'given_name'
        -- Neither name speaks for one human.
        when $families and given_unknown and surname_differs and not ssn_same then 'given_name'
        -- A generation apart (no parent is younger than twelve), or apart and not even named alike.
        when $families and not birth_near and not ssn_same and (years_apart >= 12 or not coalesce(given_same, false))
            then 'birth_date'
        -- A son under the number of his father.
        when $families and generation_of_one and not birth_near and years_apart >= 12 then 'birth_date'
        when $families and ssn_in_sequence and birth_known and not coalesce(given_same, true) then 'ssn'
        when $families and ssn_clear and (not coalesce(given_close, true) or not birth_near or sex_differs) then 'ssn'
        when $families and sex_differs and (not birth_near or given_of_other_sex) then 'sex'
        -- Where there are no relatives, one field may be plain wrong; two are somebody else.
        when not given_near and not birth_near and not birth_shares_part and not ssn_near then 'given_name'
    end as reason
from compared
