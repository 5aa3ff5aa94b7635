-- False joins: for each person and two humans in it, how many pairs of source identities that is, and one pair of records
-- to tell why: the one with the strongest prediction, else the earliest. Persons of very many humans are only counted.
create temporary table false_joins on commit drop as
with overlaid as (
    select person_id, count(distinct human_no) as humans
    from compared
    group by person_id
    having count(distinct human_no) > 1
),
portions as (
    select
        compared.person_id,
        compared.human_no,
        count(distinct compared.identity_no) as identities,
        min(compared.record_id) as record_id
    from compared
    join overlaid using (person_id)
    where overlaid.humans <= %(most_humans)s
    group by compared.person_id, compared.human_no
),
strongest as (
    select distinct on (l.person_id, least(l.human_no, r.human_no), greatest(l.human_no, r.human_no))
        l.person_id,
        least(l.human_no, r.human_no) as human_no,
        greatest(l.human_no, r.human_no) as other_human_no,
        prediction.record_id_l,
        prediction.record_id_r,
        prediction.match_probability > model.auto_threshold as auto
    from compared as l
    join overlaid using (person_id)
    join matching.predictions as prediction on prediction.record_id_l = l.record_id
    join matching.model using (model_id)
    join compared as r on r.record_id = prediction.record_id_r and r.person_id = l.person_id
    where l.human_no <> r.human_no
    order by
        l.person_id, least(l.human_no, r.human_no), greatest(l.human_no, r.human_no),
        prediction.match_weight desc, prediction.record_id_l, prediction.record_id_r
)
select
    one.person_id,
    one.human_no,
    other.human_no as other_human_no,
    one.identities * other.identities as pairs,
    coalesce(strongest.record_id_l, least(one.record_id, other.record_id)) as record_id_l,
    coalesce(strongest.record_id_r, greatest(one.record_id, other.record_id)) as record_id_r,
    coalesce(strongest.auto, false) as auto
from portions as one
join portions as other on other.person_id = one.person_id and other.human_no > one.human_no
left join strongest
    on strongest.person_id = one.person_id
    and strongest.human_no = one.human_no
    and strongest.other_human_no = other.human_no
