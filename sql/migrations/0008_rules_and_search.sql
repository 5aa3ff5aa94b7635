-- What persons were grouped by, and search indexes that cost a first load less.

create table identity.grouping_rules (
    change_id bigint primary key,
    rules jsonb not null
);
comment on table identity.grouping_rules is 'The guards and all else that persons are grouped by, from change change_id on; a row where they differ from before. {}: an earlier version of the software did not note them.';
create trigger grouping_rules_append_only before update or delete or truncate on identity.grouping_rules
    for each statement execute function identity.refuse_change();
insert into identity.grouping_rules (change_id, rules)
select min(change_id), '{}'
from identity.changes
having count(*) > 0;

-- Kept up to date row by row, the two search indexes took a first load of a million records longer than the rows did.
-- Built once the table is large, they take a fraction of it; a smaller table is read faster than it is indexed.
drop index cleaned.cleaned_person_records_name;
drop index cleaned.cleaned_person_records_birth_date;

-- With the owner's rights, for only he may make indexes.
create function cleaned.ensure_search_indexes(from_rows bigint default 100000) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if to_regclass('cleaned.person_records_birth_date') is not null then
        return false;
    end if;
    if (select count(*) from (select from cleaned.person_records limit from_rows) as counted) < from_rows then
        return false;
    end if;
    perform pg_advisory_xact_lock(hashtext('empi search indexes'));
    if to_regclass('cleaned.person_records_birth_date') is not null then
        return false;
    end if;
    -- Pattern ops, because people type beginnings; both names in one, because results come by name.
    create index person_records_name on cleaned.person_records (last_name text_pattern_ops, first_name text_pattern_ops);
    create index person_records_first_name on cleaned.person_records (first_name text_pattern_ops);
    create index person_records_birth_date on cleaned.person_records (birth_date text_pattern_ops);
    return true;
end
$$;
comment on function cleaned.ensure_search_indexes is 'Makes the indexes that names and birth dates are searched by, once there are so many records; whether it did.';
revoke execute on function cleaned.ensure_search_indexes from public;
select cleaned.ensure_search_indexes();
