-- The persons that some cases, or all of a status, are about.
select distinct pair.case_id, member.person_id::text
from identity.review_cases as review_case
join identity.case_pairs as pair on pair.case_id = review_case.case_id
join identity.membership as member on member.record_id in (pair.record_id_l, pair.record_id_r)
where (%(case_ids)s::bigint[] is null or review_case.case_id = any (%(case_ids)s))
    and (%(status)s::text is null or review_case.status = %(status)s)
