-- False joins by what the two records have in common, which is what misled, and by what joined them.
with decided as (
    select distinct
        l.person_id,
        least(l.human_no, r.human_no) as human_no,
        greatest(l.human_no, r.human_no) as other_human_no
    from identity.decisions as decision
    join compared as l on l.record_id = decision.record_id_l
    join compared as r on r.record_id = decision.record_id_r and r.person_id = l.person_id
    where decision.kind = 'must_link' and decision.revoked_change_id is null and l.human_no <> r.human_no
),
common as (
    select
        false_joins.pairs,
        false_joins.auto,
        decided.person_id is not null as decided,
        coalesce(l.social_security_number = r.social_security_number and length(l.social_security_number) >= 7, false) as ssn,
        coalesce(l.first_name = r.first_name, false) as first_name,
        coalesce(l.last_name = r.last_name, false) as last_name,
        coalesce(l.birth_date = r.birth_date, false) as birth_date,
        coalesce(l.address = r.address, false) as address,
        coalesce(l.phone = r.phone, false) as phone,
        l.name_suffix is distinct from r.name_suffix as suffix_differs,
        abs(
            substring(l.birth_date from '^[0-9]{4}')::integer - substring(r.birth_date from '^[0-9]{4}')::integer
        ) as years_apart
    from false_joins
    left join decided using (person_id, human_no, other_human_no)
    left join cleaned.person_records as l on l.record_id = false_joins.record_id_l
    left join cleaned.person_records as r on r.record_id = false_joins.record_id_r
)
select
    case
        when ssn then 'shared_ssn'
        when first_name and last_name and (suffix_differs or coalesce(years_apart >= 12, false)) then 'parent_and_child'
        when first_name and last_name then 'namesakes'
        when birth_date and not first_name and (last_name or address or phone) then 'twins'
        when not first_name and (last_name or address or phone) then 'relatives_or_household'
        else 'other'
    end as kind,
    case when decided then 'decision' when auto then 'auto_match' else 'through_others' end as joined_by,
    array_to_string(
        array_remove(
            array[
                case when ssn then 'ssn' end,
                case when first_name then 'first name' end,
                case when last_name then 'last name' end,
                case when birth_date then 'birth date' end,
                case when address then 'address' end,
                case when phone then 'phone' end
            ],
            null
        ),
        ', '
    ) as in_common,
    sum(pairs)::bigint as pairs
from common
group by 1, 2, 3
order by pairs desc, kind, joined_by, in_common
