-- Answers that the index contradicts now: two humans in one person, one human in two; with the open case about it, if any.
-- An answer that a later decision followed, or overruled, is none any more.
select
    verdict.pair_id,
    verdict.answer,
    verdict.actor,
    verdict.answered_at,
    verdict.record_id_l,
    verdict.record_id_r,
    l.person_id::text as person_id_l,
    person_l.version as version_l,
    r.person_id::text as person_id_r,
    person_r.version as version_r,
    (
        select min(review_case.case_id)
        from identity.membership as asked_l
        join identity.case_pairs as asked on asked_l.record_id in (asked.record_id_l, asked.record_id_r)
        join identity.membership as asked_r
            on asked_r.record_id in (asked.record_id_l, asked.record_id_r) and asked_r.record_id <> asked_l.record_id
        join identity.review_cases as review_case on review_case.case_id = asked.case_id
        where asked_l.person_id = l.person_id and asked_r.person_id = r.person_id and review_case.status = 'open'
    ) as case_id
from evaluation.verdicts as verdict
join identity.membership as l on l.record_id = verdict.record_id_l
join identity.membership as r on r.record_id = verdict.record_id_r
join identity.persons as person_l on person_l.person_id = l.person_id
join identity.persons as person_r on person_r.person_id = r.person_id
where
    (
        verdict.answer = 'different'
        and l.person_id = r.person_id
        -- Must-links in force hold the two together, one of them made since by somebody who knew more than the answer.
        and not exists (
            with recursive held (record_id, since) as (
                select verdict.record_id_l, '-infinity'::timestamptz
                union
                select
                    case when decision.record_id_l = held.record_id then decision.record_id_r else decision.record_id_l end,
                    greatest(held.since, decision.decided_at)
                from held
                join identity.decisions as decision on held.record_id in (decision.record_id_l, decision.record_id_r)
                where decision.kind = 'must_link' and decision.revoked_change_id is null
            )
            select
            from held
            where held.record_id = verdict.record_id_r and held.since > verdict.answered_at
        )
    )
    or (
        verdict.answer = 'same'
        and l.person_id <> r.person_id
        -- Somebody decided so since, knowing more than the answer.
        and not exists (
            select
            from identity.decisions as decision
            where decision.kind = 'cannot_link'
                and decision.revoked_change_id is null
                and decision.record_id_l = verdict.record_id_l
                and decision.record_id_r = verdict.record_id_r
                and decision.decided_at > verdict.answered_at
        )
    )
order by verdict.answer, verdict.pair_id
