-- How many open cases there are, at most so many looked at.
select count(*)
from (
    select
    from identity.review_cases as review_case
    where review_case.status = 'open'
        and (%(kind)s::text is null or review_case.kind = %(kind)s)
        and (%(case_ids)s::bigint[] is null or review_case.case_id = any (%(case_ids)s))
        and (
            %(data_source)s::text is null
            or exists (
                select
                from identity.case_pairs as pair
                join identity.membership as mine on mine.record_id in (pair.record_id_l, pair.record_id_r)
                join identity.membership as member on member.person_id = mine.person_id
                join raw.person_records as record on record.record_id = member.record_id
                where pair.case_id = review_case.case_id and record.data_source = %(data_source)s
                offset 0
            )
        )
        and (
            %(scope)s::text[] is null
            or exists (
                select
                from identity.case_pairs as pair
                join identity.membership as mine on mine.record_id in (pair.record_id_l, pair.record_id_r)
                join identity.membership as member on member.person_id = mine.person_id
                join raw.person_records as record on record.record_id = member.record_id
                where pair.case_id = review_case.case_id and record.data_source = any (%(scope)s)
                offset 0
            )
        )
    limit %(most)s
) as counted
