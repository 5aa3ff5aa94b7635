-- Source identities that the truth gives to two humans: the lines of the first few.
select first_line, line
from (
    select
        min(identity_no) over identity as first_line,
        identity_no as line,
        human_no <> first_value(human_no) over (identity order by identity_no) as other
    from truth
    window identity as (partition by data_source, source_person_id)
) as told
where other
order by line
limit 5
