-- Goes one step on: to records of the same person, of the same source identity, and to auto-matches.
with reached as (
    -- Each person and source identity once: of n records that share one, each would reach all n.
    select other.record_id
    from (
        select distinct mine.person_id
        from touched_records as touched
        join identity.membership as mine on mine.record_id = touched.record_id
        where touched.round = %(round)s
    ) as person
    join identity.membership as other on other.person_id = person.person_id
    union all
    select other.record_id
    from (
        select distinct mine.data_source, mine.source_person_id
        from touched_records as touched
        join raw.person_records as mine on mine.record_id = touched.record_id
        where touched.round = %(round)s and mine.data_source <> all (%(untrusted_sources)s::text[])
    ) as source_identity
    join raw.person_records as other
        on other.data_source = source_identity.data_source
        and other.source_person_id = source_identity.source_person_id
    union all
    select prediction.record_id_r
    from touched_records as touched
    join matching.predictions as prediction on prediction.record_id_l = touched.record_id
    join matching.model as model on model.model_id = prediction.model_id
    where touched.round = %(round)s and prediction.match_probability > model.auto_threshold
    union all
    select prediction.record_id_l
    from touched_records as touched
    join matching.predictions as prediction on prediction.record_id_r = touched.record_id
    join matching.model as model on model.model_id = prediction.model_id
    where touched.round = %(round)s and prediction.match_probability > model.auto_threshold
)
insert into touched_records (record_id, round)
select distinct reached.record_id, %(round)s + 1
from reached
-- Records without a person are not in the index yet: they come with their own batch.
where exists (select from identity.membership where membership.record_id = reached.record_id)
    and not exists (select from touched_records as touched where touched.record_id = reached.record_id)
