-- Rates counted in source identities: duplicates within their source (all but the earliest of each person), those newly
-- created in a period among the new ones, those matched with another identity, those in review.
with numbered as (
    select
        indexed.*,
        row_number() over (partition by data_source, person_id order by first_record_id) > 1 as duplicate,
        count(*) over (partition by person_id) > 1 as matched
    from indexed
),
first_new as (
    -- Records are numbered as they come: the first one of the period parts old identities from new ones.
    select coalesce(min(record.record_id), 9223372036854775807) as record_id
    from intake.batches as batch
    join raw.person_records as record using (batch_id)
    where batch.created_at >= now() - make_interval(days => %(created_days)s)
),
judged as (
    select
        numbered.*,
        numbered.first_record_id >= first_new.record_id as new,
        asked.person_id is not null as in_review,
        coalesce(asked.overlay, false) as overlay
    from numbered
    cross join first_new
    left join asked_persons as asked using (person_id)
),
counted as (
    select
        case
            when grouping(data_source) = 0 then 'data_source'
            when grouping(sex) = 0 then 'sex'
            when grouping(race) = 0 then 'race'
            when grouping(age_band) = 0 then 'age_band'
            else 'all'
        end as dimension,
        coalesce(data_source, sex, race, age_band, 'all') as label,
        count(*) as identities,
        count(*) filter (where duplicate) as duplicate,
        count(*) filter (where new) as new,
        count(*) filter (where new and duplicate) as created,
        count(*) filter (where matched) as matched,
        count(*) filter (where in_review) as in_review,
        count(*) filter (where overlay) as overlay
    from judged
    group by grouping sets ((), (data_source), (sex), (race), (age_band))
)
select rate.name as rate, dimension, label, rate.numerator, rate.denominator
from counted
cross join lateral (
    values
        ('duplicate', duplicate, identities),
        ('creation', created, new),
        ('match', matched, identities),
        ('review', in_review, identities),
        ('doubt', overlay, identities)
) as rate (name, numerator, denominator)
