-- The pairs that open review cases ask about, each with both records and their persons.
select
    'pm_' || pair.case_id as group_id,
    'Person_' || owner_l.person_id as person1_id,
    l.first_name as person1_first_name,
    l.last_name as person1_last_name,
    l.birth_date as person1_birth_date,
    l.data_source as person1_data_source,
    l.source_person_id as person1_source_id,
    'Person_' || owner_r.person_id as person2_id,
    r.first_name as person2_first_name,
    r.last_name as person2_last_name,
    r.birth_date as person2_birth_date,
    r.data_source as person2_data_source,
    r.source_person_id as person2_source_id,
    prediction.match_probability
from identity.review_cases as review_case
join identity.case_pairs as pair on pair.case_id = review_case.case_id
join raw.person_records as l on l.record_id = pair.record_id_l
join raw.person_records as r on r.record_id = pair.record_id_r
join identity.membership as owner_l on owner_l.record_id = pair.record_id_l
join identity.membership as owner_r on owner_r.record_id = pair.record_id_r
left join matching.predictions as prediction
    on prediction.record_id_l = pair.record_id_l and prediction.record_id_r = pair.record_id_r
where review_case.status = 'open'
    and (%(kind)s::text is null or review_case.kind = %(kind)s)
    and (
        %(data_sources)s::text[] is null
        or l.data_source = any (%(data_sources)s) or r.data_source = any (%(data_sources)s)
    )
    and (%(scope)s::text[] is null or (l.data_source = any (%(scope)s) and r.data_source = any (%(scope)s)))
    and (%(since)s::timestamptz is null or review_case.opened_at >= %(since)s)
    and (%(before)s::timestamptz is null or review_case.opened_at < %(before)s)
order by review_case.case_id, pair.record_id_l, pair.record_id_r
