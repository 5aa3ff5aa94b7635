-- Withdrawing a source identity for good: tombstones, what the change feed tells, and notes taken out of the ledger.

-- A secret of this installation, made once. Readers of the index (stewards, analysts) have no right to the schema.
create table empi.installation (
    only_row boolean primary key default true check (only_row),
    salt text not null default gen_random_uuid()::text || gen_random_uuid()::text
);
comment on table empi.installation is 'A random salt, so that the digests of withdrawn source identities say nothing outside this installation.';
insert into empi.installation default values;

create table identity.withdrawals (
    withdrawal_id bigint generated always as identity primary key,
    identity_digest bytea not null,
    change_id bigint not null,
    withdrawn_at timestamptz not null default clock_timestamp(),
    lifted_change_id bigint,
    lifted_at timestamptz
);
comment on table identity.withdrawals is 'Tombstones: rows of a withdrawn source identity are rejected until the withdrawal is lifted. No values, only a salted digest.';
comment on column identity.withdrawals.identity_digest is 'sha256(salt || length:data_source || length:source_person_id), lengths in bytes.';
create unique index withdrawals_in_force on identity.withdrawals (identity_digest) where lifted_change_id is null;

alter table identity.changes drop constraint changes_kind_check;
alter table identity.changes add constraint changes_kind_check
    check (kind in ('batch', 'rematch', 'decision', 'undo', 'withdrawal', 'withdrawal_lifted'));

create function identity.withdrawal_digest(data_source text, source_person_id text) returns bytea language sql stable as $$
    select sha256(convert_to(
        concat(
            salt, octet_length(data_source), ':', data_source, octet_length(source_person_id), ':', source_person_id
        ),
        'UTF8'
    ))
    from empi.installation
$$;

-- Intake --------------------------------------------------------------------------------------------------------------

alter table intake.arrivals add column rows_withdrawn bigint not null default 0;
comment on column intake.arrivals.rows_withdrawn is 'Of rows_new: those that were erased since, with their source identity.';

-- The change feed: an entry `withdrawn` names a person and nothing else ------------------------------------------------

alter table publishing.crosswalk_changes
    alter column data_source drop not null,
    alter column source_person_id drop not null,
    drop constraint crosswalk_changes_kind_check,
    add constraint crosswalk_changes_kind_check check (
        kind in ('added', 'removed') and data_source is not null and source_person_id is not null
        or kind = 'withdrawn' and data_source is null and source_person_id is null
    );
comment on column publishing.crosswalk_changes.kind is 'added, removed: this row. withdrawn: drop every row of person_id; those it still has follow as added.';

create table publishing.withdrawn_persons (
    person_id uuid primary key,
    change_id bigint not null,
    crosswalk_rows bigint not null
);
comment on table publishing.withdrawn_persons is 'Persons under which a withdrawn source identity was published, until the next publication tells the change feed.';

-- The ledger: a note that repeats what was withdrawn goes, and the chain stays verifiable -------------------------------

create table identity.redactions (
    change_id bigint primary key,
    header_digest bytea not null,
    decisions_digest bytea not null,
    redacted_change_id bigint not null,
    redacted_at timestamptz not null default clock_timestamp()
);
comment on table identity.redactions is 'Changes whose notes were taken out by a withdrawal (redacted_change_id), with the digests they had: the chain is verified with these.';
create trigger redactions_append_only before update or delete or truncate on identity.redactions
    for each statement execute function identity.refuse_change();

drop trigger changes_append_only on identity.changes;
create trigger changes_append_only before delete or truncate on identity.changes
    for each statement execute function identity.refuse_change();

create function identity.refuse_all_but_redaction() returns trigger language plpgsql as $$
declare
    without_note identity.changes := old;
begin
    without_note.note := null;
    if new is distinct from without_note
        or not exists (select from identity.redactions where redactions.change_id = old.change_id)
    then
        raise exception 'the identity ledger is append-only: % on %.% refused', tg_op, tg_table_schema, tg_table_name
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;
create trigger changes_not_altered before update on identity.changes
    for each row execute function identity.refuse_all_but_redaction();

create function identity.digest_of(change identity.changes) returns bytea language sql stable as $$
    select sha256(
        change.previous_digest
        || coalesce(
            redaction.header_digest,
            identity.header_digest(
                change.change_id, change.at, change.kind, change.batch_id, change.model_id, change.undoes_change_id,
                change.actor, change.note
            )
        )
        || identity.events_digest(change.change_id)
        || coalesce(redaction.decisions_digest, identity.decisions_digest(change.change_id))
    )
    from (select) as one_row
    left join identity.redactions as redaction on redaction.change_id = change.change_id
$$;
comment on function identity.digest_of is 'The digest a change must have.';
