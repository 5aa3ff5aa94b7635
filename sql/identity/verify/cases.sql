-- Open cases whose figures are wrong, that ask nothing, or that ask whether one person is one person.
with about as (
    select review_case.case_id, membership.person_id
    from identity.review_cases as review_case
    join identity.case_pairs as pair on pair.case_id = review_case.case_id
    join identity.membership as membership on membership.record_id in (pair.record_id_l, pair.record_id_r)
    where review_case.status = 'open'
    group by review_case.case_id, membership.person_id
),
figures as (
    select about.case_id, count(*) as persons, sum(person.record_count) as records
    from about
    join identity.persons as person on person.person_id = about.person_id
    group by about.case_id
)
select review_case.case_id::text
from identity.review_cases as review_case
left join figures on figures.case_id = review_case.case_id
where review_case.status = 'open'
    and (figures.persons is distinct from review_case.person_count or figures.records is distinct from review_case.record_count)
union
select pair.case_id::text
from identity.review_cases as review_case
join identity.case_pairs as pair on pair.case_id = review_case.case_id
left join identity.membership as one on one.record_id = pair.record_id_l
left join identity.membership as other on other.record_id = pair.record_id_r
where review_case.status = 'open'
    and (
        one.person_id is null
        or other.person_id is null
        or (review_case.kind <> 'overlay' and one.person_id = other.person_id)
    )
