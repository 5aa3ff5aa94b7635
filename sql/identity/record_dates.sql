-- When some records came into the index, into their person, and when somebody or something last linked or judged them.
select
    member.record_id,
    batch.created_at,
    change.at,
    greatest(
        (
            select max(decision.decided_at)
            from (
                select said.decided_at
                from identity.decisions as said
                where said.record_id_l = member.record_id and said.revoked_change_id is null
                union all
                select said.decided_at
                from identity.decisions as said
                where said.record_id_r = member.record_id and said.revoked_change_id is null
            ) as decision
        ),
        -- Who shares a person with others was matched when the last of them came.
        case when person.record_count > 1 then (
            select max(newest.at)
            from identity.membership as other
            join identity.changes as newest on newest.change_id = other.change_id
            where other.person_id = member.person_id
        ) end
    )
from identity.membership as member
join identity.persons as person on person.person_id = member.person_id
join raw.person_records as record on record.record_id = member.record_id
join identity.changes as change on change.change_id = member.change_id
left join intake.batches as batch on batch.batch_id = record.batch_id
where member.record_id = any (%(record_ids)s)
