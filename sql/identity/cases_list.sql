-- Review cases in the order of the queue, each with one record's name to recognise it by.
select
    review_case.case_id, review_case.kind, review_case.status, review_case.version, review_case.reason,
    review_case.priority, review_case.max_match_weight, review_case.max_match_probability, review_case.person_count,
    review_case.record_count, review_case.opened_at, first_record.first_name, first_record.last_name,
    about.data_sources
from identity.review_cases as review_case
cross join lateral (
    select min(member.record_id) as first_record_id, array_agg(distinct record.data_source order by record.data_source) as data_sources
    from (
        select distinct membership.person_id
        from identity.case_pairs as pair
        join identity.membership as membership on membership.record_id in (pair.record_id_l, pair.record_id_r)
        where pair.case_id = review_case.case_id
    ) as person
    join identity.membership as member on member.person_id = person.person_id
    join raw.person_records as record on record.record_id = member.record_id
) as about
left join raw.person_records as first_record on first_record.record_id = about.first_record_id
where review_case.status = %(status)s
    and (%(kind)s::text is null or review_case.kind = %(kind)s)
    -- Kinds are a hundred apart in priority: the index is entered where those of the kind begin.
    and (
        %(kind)s::text is null
        or review_case.priority < case %(kind)s when 'potential_match' then 200 when 'conflict' then 300 else 400 end
    )
    and (
        %(after_case_id)s::bigint is null
        or (review_case.priority, -review_case.case_id) < (
            coalesce(
                %(after_priority)s::double precision,
                (select last.priority from identity.review_cases as last where last.case_id = %(after_case_id)s)
            ),
            -%(after_case_id)s::bigint
        )
    )
    and (%(opened_since)s::timestamptz is null or review_case.opened_at >= %(opened_since)s)
    and (%(opened_before)s::timestamptz is null or review_case.opened_at < %(opened_before)s)
    and (%(min_probability)s::double precision is null or review_case.max_match_probability >= %(min_probability)s)
    and (%(case_ids)s::bigint[] is null or review_case.case_id = any (%(case_ids)s))
    and (%(not_among)s::bigint[] is null or review_case.case_id <> all (%(not_among)s))
order by review_case.priority desc, review_case.case_id
limit %(limit)s
