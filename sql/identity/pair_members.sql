-- All records of the persons that own some records: record, person, whether it is one of those asked about.
select
    member.record_id,
    member.person_id::text,
    member.record_id = any(%(record_ids)s::bigint[]) as asked
from identity.membership as mine
join identity.membership as member using (person_id)
where mine.record_id = any(%(record_ids)s::bigint[])
group by 1, 2
order by asked desc, member.record_id
