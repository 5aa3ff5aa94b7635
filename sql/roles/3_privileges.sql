-- Who may do what in the index. Run by psql as empi_owner in `empi` after each `empi db upgrade`; states the whole
-- set of rights, so that again changes nothing and a right given by hand is taken back.
begin;

revoke all on schema public from public;

-- Tables of blocking keys belong to the application itself and are left alone.
do $$
declare
    own_relation regclass;
begin
    for own_relation in
        select relation.oid
        from pg_class as relation
        where relation.relkind in ('r', 'p', 'v', 'm')
            and relation.relowner = current_user::regrole
            and relation.relnamespace in (
                select oid
                from pg_namespace
                where nspname in ('empi', 'intake', 'raw', 'cleaned', 'matching', 'identity', 'publishing', 'evaluation', 'access')
            )
    loop
        execute format('revoke all on %s from public, empi_pipeline, empi_steward, empi_reviewer, empi_analyst', own_relation);
    end loop;
end
$$;

grant usage on schema empi, intake, raw, cleaned, matching, identity, publishing to empi_pipeline;
grant usage on schema intake, raw, cleaned, matching, identity, publishing to empi_steward;
grant usage on schema publishing to empi_analyst;

-- The application ----------------------------------------------------------------------------------------------------

-- It checks that the schema is current, and cannot change what was applied. The salt is for it alone.
grant select on all tables in schema empi to empi_pipeline;

grant select, insert, update, delete
    on all tables in schema intake, matching, publishing to empi_pipeline;
-- A partition is replaced and a record may be withdrawn; what was delivered is never altered.
grant select, insert, delete on all tables in schema raw, cleaned to empi_pipeline;
grant update (content) on raw.rejected_rows to empi_pipeline;
-- Persons, decisions and cases are retired, revoked, closed: they change and stay.
grant select, insert, update on all tables in schema identity to empi_pipeline;
grant delete on identity.membership, identity.case_pairs, identity.reported_pairs to empi_pipeline;
-- The ledger: append-only, for this role by right, for every role by trigger.
revoke update on identity.events, identity.changes, identity.redactions, identity.grouping_rules from empi_pipeline;
-- A withdrawal takes out a note that repeats what is erased; a trigger lets nothing else through.
grant update (note) on identity.changes to empi_pipeline;

grant usage, select
    on all sequences in schema intake, raw, matching, identity, publishing to empi_pipeline;
-- Each match model has a table of blocking keys of its own.
grant create on schema matching to empi_pipeline;
-- Search indexes are made once the table is large; with the owner's rights.
grant execute on function cleaned.ensure_search_indexes to empi_pipeline;

-- Statistics after a large load. Before PostgreSQL 17 only the owner may analyze, and autovacuum does it later.
do $$
begin
    if current_setting('server_version_num')::integer >= 170000 then
        grant maintain
            on all tables in schema intake, raw, cleaned, matching, identity, publishing to empi_pipeline;
    end if;
end
$$;

-- Readers ------------------------------------------------------------------------------------------------------------

grant select on all tables in schema intake, raw, cleaned, matching, identity, publishing to empi_steward;
grant select on all tables in schema publishing to empi_analyst;

-- Stewards who decide ------------------------------------------------------------------------------------------------

-- What a save, an undo and a note write, and no more: no loading, rematch, configuration or withdrawal. Of what is
-- there, only columns that change in the life of a person, a decision, a case; nothing of the ledger.
grant usage on schema empi to empi_reviewer;
grant select on empi.schema_migrations to empi_reviewer;
grant insert
    on identity.changes, identity.events, identity.decisions, identity.persons, identity.review_cases,
    identity.case_pairs, identity.reported_pairs, identity.notes, identity.grouping_rules to empi_reviewer;
grant update (person_id, change_id) on identity.membership to empi_reviewer;
grant update (version, record_count, retired_change_id, merged_into) on identity.persons to empi_reviewer;
grant update (revoked_change_id) on identity.decisions to empi_reviewer;
grant update (
    status, version, reason, priority, max_match_weight, max_match_probability, person_count, record_count,
    updated_change_id, closed_change_id, closed_reason, superseded_by
) on identity.review_cases to empi_reviewer;
grant delete on identity.case_pairs to empi_reviewer;
-- A save is published at once.
grant insert, delete on publishing.crosswalk to empi_reviewer;
grant insert on publishing.crosswalk_changes to empi_reviewer;
grant delete on publishing.withdrawn_persons to empi_reviewer;
grant insert, update on publishing.publications to empi_reviewer;
grant usage, select on all sequences in schema identity, publishing to empi_reviewer;

-- Evaluation ---------------------------------------------------------------------------------------------------------

grant usage on schema evaluation to empi_pipeline, empi_steward, empi_analyst;
grant select, insert, update, delete on all tables in schema evaluation to empi_pipeline;
-- An answer about a sampled pair changes no identity, so whoever may look may answer.
grant select on all tables in schema evaluation to empi_steward;
grant insert on evaluation.answers to empi_steward;
-- Rates are aggregates without values of records.
grant select on evaluation.measurements, evaluation.rates to empi_analyst;

-- Access -------------------------------------------------------------------------------------------------------------

-- The server of the API runs as the application. The audit is append-only, and for the application and its owner alone.
grant usage on schema access to empi_pipeline;
grant select, insert, update on access.users, access.export_jobs to empi_pipeline;
grant select, insert on access.audit to empi_pipeline;
grant usage, select on all sequences in schema access to empi_pipeline;

commit;
