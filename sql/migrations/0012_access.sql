-- Who may use the HTTP API and the stewards' page, what they looked at and did, and exports they asked for.

create schema access;

create table access.users (
    user_id integer generated always as identity primary key,
    issuer text not null,
    subject text not null,
    email text not null default '',
    name text not null default '',
    role text check (role in ('viewer', 'steward', 'admin')),
    data_sources text[],
    first_seen_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    unique (issuer, subject)
);
comment on table access.users is 'Everybody who ever signed in, by the issuer''s subject. Without a role one may do nothing.';
comment on column access.users.data_sources is 'The only data sources whose records this user sees; null: all.';

create table access.audit (
    audit_id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    actor text not null,
    user_id integer,
    client text,
    operation text not null,
    person_ids uuid[] not null default '{}',
    record_ids bigint[] not null default '{}',
    case_ids bigint[] not null default '{}',
    change_id bigint,
    detail jsonb not null default '{}'
);
comment on table access.audit is 'Append-only: every reading of person data and every act of a user: who, when, from where, about whom. Ids and counts, no values of records.';
comment on column access.audit.detail is 'Names of the filters asked with, counts, formats; never what was searched for.';
create index audit_at on access.audit (at);
create index audit_actor on access.audit (actor, audit_id);
create index audit_persons on access.audit using gin (person_ids);

create function access.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the audit is append-only: % on %.% refused', tg_op, tg_table_schema, tg_table_name
        using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_append_only before update or delete or truncate on access.audit
    for each statement execute function access.refuse_change();

create table access.export_jobs (
    job_no bigint primary key,
    asked_at timestamptz not null default now(),
    asked_by text not null,
    what text not null,
    address text not null,
    filters jsonb not null default '{}',
    status text not null default 'new' check (status in ('new', 'running', 'succeeded', 'failed', 'cancelled')),
    reason text,
    row_count bigint,
    started_at timestamptz,
    finished_at timestamptz
);
comment on table access.export_jobs is 'Exports to S3 that were asked for through the API; numbered together with intake.batches, so that a job number means one thing.';
