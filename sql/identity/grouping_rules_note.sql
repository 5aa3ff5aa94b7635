-- Notes what a change grouped persons by, where that differs from what changes before it went by.
insert into identity.grouping_rules (change_id, rules)
select %(change_id)s, %(rules)s::jsonb
where %(rules)s::jsonb is distinct from (
    select rules from identity.grouping_rules order by change_id desc limit 1
)
