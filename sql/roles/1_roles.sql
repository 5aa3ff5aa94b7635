-- The roles of the index and of Dagster. Run by psql as a superuser, in any database; again changes nothing.
-- Roles come without a password: `alter role ... password` or the server's own authentication gives them one.
-- "Already granted" is no news.
set client_min_messages = warning;

do $$
declare
    wanted record;
begin
    for wanted in
        select *
        from (
            values
                ('empi_owner', 'login', 'owns the schemas; migrations run as this role, nothing else does'),
                ('empi_pipeline', 'login', 'the application: batches, rematches, decisions; cannot rewrite the ledger'),
                ('empi_steward', 'nologin', 'reads everything of the index; grant it to people who look things up'),
                ('empi_reviewer', 'nologin', 'a steward who also decides, takes back and notes; grant it to people who review'),
                ('empi_analyst', 'nologin', 'reads publishing alone; grant it to people and systems downstream'),
                ('dagster', 'login', 'owns the database of Dagster''s runs and events, and sees no person records')
        ) as role (name, may_login, purpose)
    loop
        if not exists (select from pg_roles where rolname = wanted.name) then
            execute format('create role %I', wanted.name);
        end if;
        execute format(
            'alter role %I %s nosuperuser nocreatedb nocreaterole noreplication nobypassrls',
            wanted.name,
            wanted.may_login
        );
        execute format('comment on role %I is %L', wanted.name, wanted.purpose);
    end loop;
end
$$;

-- Who decides sees what there is to decide.
grant empi_steward to empi_reviewer;

-- A migration may alter the tables of blocking keys, which the application creates model by model.
grant empi_pipeline to empi_owner;
