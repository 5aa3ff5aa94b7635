-- Missed pairs by what kept them apart.
select
    case
        when decided then 'stopped_by_decision'
        when auto or conflict then 'refused_by_guard'
        when in_review then 'in_review'
        when scored then 'potential_not_in_review'
        when could_be_found then 'below_potential'
        else 'never_blocked'
    end as kind,
    in_review,
    sum(pairs)::bigint as pairs,
    count(*) as person_pairs
from missed
group by 1, 2
order by pairs desc, kind
