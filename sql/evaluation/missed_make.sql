-- Missed pairs: for each human and two of the persons it is in, how many pairs of source identities that is, and what
-- the index knows of the two persons. Humans in very many persons are only counted.
create temporary table missed on commit drop as
with split as (
    select human_no
    from compared
    group by human_no
    having count(distinct person_id) > 1 and count(distinct person_id) <= %(most_persons)s
),
portions as (
    select compared.human_no, compared.person_id, count(distinct compared.identity_no) as identities
    from compared
    join split using (human_no)
    group by compared.human_no, compared.person_id
),
scored as (
    select
        l.human_no,
        least(l.person_id, r.person_id) as person_id,
        greatest(l.person_id, r.person_id) as other_person_id,
        bool_or(prediction.match_probability > model.auto_threshold) as auto
    from compared as l
    join split using (human_no)
    join matching.predictions as prediction on prediction.record_id_l = l.record_id
    join matching.model using (model_id)
    join compared as r on r.record_id = prediction.record_id_r and r.human_no = l.human_no
    where l.person_id <> r.person_id
    group by 1, 2, 3
),
asked as (
    select
        least(l.person_id, r.person_id) as person_id,
        greatest(l.person_id, r.person_id) as other_person_id,
        bool_or(review_case.kind = 'conflict') as conflict
    from identity.review_cases as review_case
    join identity.case_pairs as pair using (case_id)
    join identity.membership as l on l.record_id = pair.record_id_l
    join identity.membership as r on r.record_id = pair.record_id_r
    where review_case.status = 'open' and l.person_id <> r.person_id
    group by 1, 2
),
decided as (
    select distinct least(l.person_id, r.person_id) as person_id, greatest(l.person_id, r.person_id) as other_person_id
    from identity.decisions as decision
    join identity.membership as l on l.record_id = decision.record_id_l
    join identity.membership as r on r.record_id = decision.record_id_r
    where decision.kind = 'cannot_link' and decision.revoked_change_id is null
)
select
    row_number() over (order by one.human_no, one.person_id, other.person_id) as missed_no,
    one.human_no,
    one.person_id,
    other.person_id as other_person_id,
    one.identities * other.identities as pairs,
    decided.person_id is not null as decided,
    asked.person_id is not null as in_review,
    coalesce(asked.conflict, false) as conflict,
    scored.human_no is not null as scored,
    coalesce(scored.auto, false) as auto,
    false as could_be_found
from portions as one
join portions as other on other.human_no = one.human_no and other.person_id > one.person_id
left join scored
    on scored.human_no = one.human_no
    and scored.person_id = one.person_id
    and scored.other_person_id = other.person_id
left join asked on asked.person_id = one.person_id and asked.other_person_id = other.person_id
left join decided on decided.person_id = one.person_id and decided.other_person_id = other.person_id
