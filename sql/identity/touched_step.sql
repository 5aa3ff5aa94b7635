-- Goes one step on: to records of the same person, of the same source identity, and to auto-matches.
with reached as (
    select other.record_id
    from touched_records as touched
    join identity.membership as mine on mine.record_id = touched.record_id
    join identity.membership as other on other.person_id = mine.person_id
    where touched.round = %(round)s
    union all
    select other.record_id
    from touched_records as touched
    join raw.person_records as mine on mine.record_id = touched.record_id
    join raw.person_records as other
        on other.data_source = mine.data_source and other.source_person_id = mine.source_person_id
    where touched.round = %(round)s and mine.data_source <> all (%(untrusted_sources)s::text[])
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
