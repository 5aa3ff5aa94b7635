-- Open cases with a pair between two persons, or within one person if both are the same.
select distinct review_case.case_id, review_case.kind, pair.reason
from identity.membership as mine
join identity.case_pairs as pair on mine.record_id in (pair.record_id_l, pair.record_id_r)
join identity.review_cases as review_case on review_case.case_id = pair.case_id and review_case.status = 'open'
join identity.membership as l on l.record_id = pair.record_id_l
join identity.membership as r on r.record_id = pair.record_id_r
where mine.person_id = (%(person_ids)s::uuid[])[1]
    and ((l.person_id = (%(person_ids)s::uuid[])[1] and r.person_id = (%(person_ids)s::uuid[])[2])
        or (l.person_id = (%(person_ids)s::uuid[])[2] and r.person_id = (%(person_ids)s::uuid[])[1]))
order by review_case.case_id
