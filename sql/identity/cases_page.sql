-- One page of open cases in the order of the queue, with the name of the first record one may see.
-- `offset 0`: looked up case by case, so that a page costs what it shows.
with page as materialized (
    select
        review_case.case_id, review_case.kind, review_case.version, review_case.reason, review_case.priority,
        review_case.max_match_probability, review_case.person_count, review_case.record_count, review_case.opened_at
    from identity.review_cases as review_case
    where review_case.status = 'open'
        and (%(kind)s::text is null or review_case.kind = %(kind)s)
        -- Kinds are a hundred apart in priority: the index is entered where those of the kind begin.
        and (
            %(kind)s::text is null
            or review_case.priority < case %(kind)s when 'potential_match' then 200 when 'conflict' then 300 else 400 end
        )
        and (%(case_ids)s::bigint[] is null or review_case.case_id = any (%(case_ids)s))
        and (
            %(after_case_id)s::bigint is null
            or (review_case.priority, -review_case.case_id) < (
                (select last.priority from identity.review_cases as last where last.case_id = %(after_case_id)s),
                -%(after_case_id)s::bigint
            )
        )
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
    order by review_case.priority desc, review_case.case_id
    limit %(limit)s
    offset %(offset)s
)
select
    page.case_id, page.kind, page.version, page.reason, page.priority, page.max_match_probability, page.person_count,
    page.record_count, page.opened_at, first_record.first_name, first_record.last_name, about.data_sources
from page
cross join lateral (
    select
        min(member.record_id) as first_record_id,
        array_agg(distinct record.data_source order by record.data_source) as data_sources
    from (
        select distinct membership.person_id
        from identity.case_pairs as pair
        join identity.membership as membership on membership.record_id in (pair.record_id_l, pair.record_id_r)
        where pair.case_id = page.case_id
    ) as person
    join identity.membership as member on member.person_id = person.person_id
    join raw.person_records as record on record.record_id = member.record_id
    where %(scope)s::text[] is null or record.data_source = any (%(scope)s)
) as about
left join raw.person_records as first_record on first_record.record_id = about.first_record_id
order by page.priority desc, page.case_id
