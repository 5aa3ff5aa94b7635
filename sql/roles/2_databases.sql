-- The databases `empi` and `dagster`, each of its own role. Run by psql as a superuser; again changes nothing.
select 'create database empi owner empi_owner'
where not exists (select from pg_database where datname = 'empi')
\gexec
select 'create database dagster owner dagster'
where not exists (select from pg_database where datname = 'dagster')
\gexec

-- By default every role may connect to every database.
revoke all on database empi, dagster from public;
grant connect, temporary on database empi to empi_pipeline;
grant connect on database empi to empi_steward, empi_analyst;
-- Working out a decision takes temporary tables.
grant connect, temporary on database empi to empi_reviewer;
