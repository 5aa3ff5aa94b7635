-- The records that persons, source identities and auto-matches connect with some records, up to a number; in no order.
with recursive reached (person_id) as (
    select distinct person_id
    from identity.membership
    where record_id = any (%(record_ids)s)
    union
    select next.person_id
    from reached
    cross join lateral (
        select distinct other.person_id
        from (
            select distinct mine.data_source, mine.source_person_id
            from identity.membership
            join raw.person_records as mine on mine.record_id = membership.record_id
            where membership.person_id = reached.person_id and mine.data_source <> all (%(untrusted_sources)s::text[])
        ) as source_identity
        join raw.person_records as version using (data_source, source_person_id)
        join identity.membership as other on other.record_id = version.record_id
        union all
        -- Records without a person are not in the index yet.
        select other.person_id
        from identity.membership as mine
        join matching.predictions as prediction on prediction.record_id_l = mine.record_id
        join matching.model as model on model.model_id = prediction.model_id
        join identity.membership as other on other.record_id = prediction.record_id_r
        where mine.person_id = reached.person_id and prediction.match_probability > model.auto_threshold
        union all
        select other.person_id
        from identity.membership as mine
        join matching.predictions as prediction on prediction.record_id_r = mine.record_id
        join matching.model as model on model.model_id = prediction.model_id
        join identity.membership as other on other.record_id = prediction.record_id_l
        where mine.person_id = reached.person_id and prediction.match_probability > model.auto_threshold
    ) as next
)
select membership.record_id
-- Each person has a record at least: no more of them are worth looking for.
from (select person_id from reached limit %(most)s) as person
join identity.membership on membership.person_id = person.person_id
limit %(most)s
