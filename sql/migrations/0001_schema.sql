-- The index: one schema per room, named as the asset keys. What each table is for stands in its comment;
-- docs/data-model.md is generated from here.

create schema intake;
create schema raw;
create schema cleaned;
create schema matching;
create schema identity;
create schema publishing;

-- intake -------------------------------------------------------------------------------------------------------------

create table intake.batches (
    batch_no bigint generated always as identity primary key,
    batch_id text not null unique,
    created_at timestamptz not null default now(),
    status text not null default 'waiting' check (status in ('waiting', 'running', 'applied', 'failed')),
    attempts integer not null default 0,
    last_run_id text,
    failure_reason text,
    started_at timestamptz,
    finished_at timestamptz
);
comment on table intake.batches is 'A batch is the set of object versions that one run takes in; batch_id is the Dagster partition key.';

create table intake.arrivals (
    arrival_id bigint generated always as identity primary key,
    bucket text not null,
    object_key text not null,
    object_version text not null,
    etag text not null,
    size_bytes bigint not null,
    last_modified timestamptz not null,
    first_seen_at timestamptz not null default now(),
    batch_id text references intake.batches (batch_id),
    status text not null default 'waiting' check (status in ('waiting', 'read', 'failed')),
    reason_code text,
    reason text,
    unknown_columns text[] not null default '{}',
    rows_delivered bigint,
    rows_new bigint,
    rows_known bigint,
    rows_rejected bigint,
    read_at timestamptz,
    unique (bucket, object_key, object_version)
);
comment on table intake.arrivals is 'Ledger of every object version ever seen in the inbox, the batch that took it in, and its row counts.';
create index arrivals_batch on intake.arrivals (batch_id);

create table intake.date_orders (
    data_source text not null,
    column_name text not null,
    date_order text not null,
    learnt_in_batch text not null references intake.batches (batch_id),
    learnt_at timestamptz not null default now(),
    primary key (data_source, column_name)
);
comment on table intake.date_orders is 'How a data source writes its dates, as learnt from its first delivery that told; kept, so that cleaning does not depend on the batch.';

-- raw ----------------------------------------------------------------------------------------------------------------

-- The bulk tables have no foreign keys: a check a row costs several times the load itself. The blocking asset checks
-- rows_reconcile, cleaned_one_each and predictions_well_formed, and `empi verify`, look at the same once a batch.
create table raw.person_records (
    record_id bigint generated always as identity primary key,
    batch_id text not null,
    arrival_id bigint not null,
    line_number bigint not null,
    content_hash bytea not null unique,
    data_source text not null,
    source_person_id text not null,
    first_name text,
    last_name text,
    sex text,
    race text,
    birth_date text,
    death_date text,
    social_security_number text,
    address text,
    city text,
    state text,
    zip_code text,
    county text,
    phone text,
    extra jsonb
);
comment on table raw.person_records is 'Person records exactly as delivered, one row per distinct content, immutable. Content seen again is counted in intake.arrivals.';
create index person_records_batch on raw.person_records (batch_id);
create index person_records_source_identity on raw.person_records (data_source, source_person_id);

create table raw.rejected_rows (
    batch_id text not null,
    arrival_id bigint not null,
    line_number bigint not null,
    reason_code text not null,
    column_name text,
    content bytea
);
comment on table raw.rejected_rows is 'Rows that could not be accepted: object, line, reason code and the first 8 kB of the row as delivered.';
create index rejected_rows_batch on raw.rejected_rows (batch_id);

-- cleaned ------------------------------------------------------------------------------------------------------------

create table cleaned.person_records (
    record_id bigint primary key,
    batch_id text not null,
    data_source text not null,
    source_person_id text not null,
    first_name text,
    last_name text,
    sex text,
    race text,
    birth_date text,
    death_date text,
    social_security_number text,
    address text,
    city text,
    state text,
    zip_code text,
    county text,
    phone text,
    middle_name text,
    name_suffix text,
    address_unit text,
    phone_extension text,
    email text
);
comment on table cleaned.person_records is 'The standardised form of each person record, used for matching only.';
create index cleaned_person_records_batch on cleaned.person_records (batch_id);

-- matching -----------------------------------------------------------------------------------------------------------

create table matching.model (
    model_id integer generated always as identity primary key,
    name text not null,
    settings jsonb not null,
    potential_threshold double precision not null check (potential_threshold between 0 and 1),
    auto_threshold double precision not null check (auto_threshold between 0 and 1),
    term_frequency_prior double precision not null default 0,
    guards boolean not null default true,
    families boolean not null default true,
    digest text not null,
    created_at timestamptz not null default now(),
    created_by text not null,
    activated_at timestamptz,
    frozen_at timestamptz,
    is_active boolean not null default false,
    check (potential_threshold <= auto_threshold)
);
comment on table matching.model is 'Match models: Splink settings, thresholds and guards, immutable. frozen_at: when the term frequencies were taken; families: whether relatives were among those records, so that the guards reckon with them.';
create unique index model_one_active on matching.model (is_active) where is_active;

create table matching.term_frequencies (
    model_id integer not null,
    column_name text not null,
    value text not null,
    frequency double precision not null,
    primary key (model_id, column_name, value)
);
comment on table matching.term_frequencies is 'Relative frequencies of values, frozen into a match model when it first met records.';

create table matching.predictions (
    batch_id text not null,
    model_id integer not null,
    record_id_l bigint not null,
    record_id_r bigint not null,
    match_weight double precision not null,
    match_probability double precision not null,
    levels smallint[] not null,
    weights real[] not null,
    primary key (record_id_l, record_id_r),
    check (record_id_l < record_id_r)
);
comment on table matching.predictions is 'Scored pairs above the potential threshold of the model that scored them; levels and weights (bits) by comparison explain the score.';
create index predictions_right on matching.predictions (record_id_r);
create index predictions_batch on matching.predictions (batch_id);

create table matching.scored_batches (
    batch_id text primary key references intake.batches (batch_id),
    model_id integer not null references matching.model (model_id),
    seen_change_id bigint not null,
    scored_at timestamptz not null default now()
);
comment on table matching.scored_batches is 'Up to which identity change the predictions of a batch have seen the index: later records are scored before the batch is applied.';

create table matching.rescored_predictions (
    model_id integer not null,
    record_id_l bigint not null,
    record_id_r bigint not null,
    match_weight double precision not null,
    match_probability double precision not null,
    levels smallint[] not null,
    weights real[] not null,
    primary key (record_id_l, record_id_r),
    check (record_id_l < record_id_r)
);
comment on table matching.rescored_predictions is 'All pairs of the index as the latest rematch scored them with one model: what a rematch plan is made of. Becomes matching.predictions when the plan is applied.';
create index rescored_predictions_right on matching.rescored_predictions (record_id_r);

create table matching.rescorings (
    model_id integer primary key references matching.model (model_id),
    seen_change_id bigint not null,
    scored_at timestamptz not null default now()
);
comment on table matching.rescorings is 'Up to which identity change matching.rescored_predictions has seen the index: a plan of it is not applied once later batches are.';

-- identity -----------------------------------------------------------------------------------------------------------

create table identity.changes (
    change_id bigint primary key,
    at timestamptz not null default clock_timestamp(),
    kind text not null check (kind in ('batch', 'rematch', 'decision', 'undo', 'withdrawal')),
    batch_id text,
    model_id integer,
    decision_id bigint,
    undoes_change_id bigint references identity.changes (change_id),
    actor text not null,
    note text,
    event_count bigint not null,
    digest bytea not null,
    previous_digest bytea not null
);
comment on table identity.changes is 'One row per transaction that changed identity: its cause, its actor, and a digest of its events chained to the one before.';
create unique index changes_one_per_batch on identity.changes (batch_id) where kind = 'batch';

create table identity.events (
    -- No foreign key to changes: the digest in the change row needs the events first, and a million checks row by row
    -- cost more than the load. `empi verify` checks it.
    change_id bigint not null,
    event_no integer not null,
    kind text not null check (kind in (
        'record_assigned', 'record_moved', 'record_withdrawn',
        'person_merged', 'person_split', 'person_revived', 'person_retired'
    )),
    record_id bigint,
    person_id uuid not null,
    other_person_id uuid,
    cause text not null,
    linked_record_id bigint,
    match_weight double precision,
    primary key (change_id, event_no)
);
comment on table identity.events is 'Append-only ledger; the fold of it is the state. record_moved: to person_id from other_person_id; person_merged: person_id went into other_person_id; person_split: person_id came out of other_person_id; person_revived: person_id is in use again. cause, linked_record_id and match_weight (bits) say why.';
create index events_record on identity.events (record_id);
create index events_person on identity.events (person_id);
create index events_other_person on identity.events (other_person_id) where other_person_id is not null;

create table identity.persons (
    person_id uuid primary key,
    created_change_id bigint not null,
    created_at timestamptz not null,
    version integer not null default 1,
    record_count integer not null,
    retired_change_id bigint,
    merged_into uuid
);
comment on table identity.persons is 'Every person_id ever given. Retired ids stay, with what became of them in merged_into.';
create index persons_created on identity.persons (created_change_id);
create index persons_merged_into on identity.persons (merged_into) where merged_into is not null;

create table identity.membership (
    record_id bigint primary key,
    person_id uuid not null,
    change_id bigint not null
);
comment on table identity.membership is 'The person each person record belongs to now.';
create index membership_person on identity.membership (person_id);

create table identity.decisions (
    decision_id bigint primary key,
    kind text not null check (kind in ('must_link', 'cannot_link')),
    record_id_l bigint not null,
    record_id_r bigint not null,
    actor text not null,
    note text,
    evidence_weight double precision,
    case_id bigint,
    case_version integer,
    change_id bigint not null,
    decided_at timestamptz not null default clock_timestamp(),
    revoked_change_id bigint,
    check (record_id_l < record_id_r)
);
comment on table identity.decisions is 'Must-links and cannot-links between person records by stewards; in force until revoked. evidence_weight (bits): the evidence seen when deciding; only stronger evidence asks again.';
create unique index decisions_one_in_force on identity.decisions (record_id_l, record_id_r) where revoked_change_id is null;
create index decisions_right on identity.decisions (record_id_r);
create index decisions_change on identity.decisions (change_id);
create index decisions_revoked on identity.decisions (revoked_change_id) where revoked_change_id is not null;

-- The digest of a change is sha256(previous digest || header || events || decisions), each of these a digest by itself.
create function identity.header_digest(
    change_id bigint, at timestamptz, kind text, batch_id text, model_id integer, undoes_change_id bigint, actor text, note text
) returns bytea language sql immutable as $$
    select sha256(convert_to(
        json_build_array(
            change_id, (extract(epoch from at) * 1000000)::bigint, kind, batch_id, model_id, undoes_change_id, actor, note
        )::text,
        'UTF8'
    ))
$$;
-- Ten thousand events at a time: a first load has more text than one value may hold.
create function identity.events_digest(of_change_id bigint) returns bytea language sql stable as $$
    select sha256(coalesce(string_agg(digest, ''::bytea order by portion), ''::bytea))
    from (
        select portion, sha256(convert_to(string_agg(line, chr(10) order by event_no), 'UTF8')) as digest
        from (
            select
                event_no,
                event_no / 10000 as portion,
                concat_ws(
                    '|', event_no, kind, coalesce(record_id::text, '-'), person_id, coalesce(other_person_id::text, '-'),
                    cause, coalesce(linked_record_id::text, '-'), coalesce(encode(float8send(match_weight), 'hex'), '-')
                ) as line
            from identity.events
            where change_id = of_change_id
        ) as event
        group by portion
    ) as portion
$$;
create function identity.decisions_digest(of_change_id bigint) returns bytea language sql stable as $$
    select sha256(convert_to(coalesce(string_agg(line, chr(10) order by line), ''), 'UTF8'))
    from (
        select json_build_array('made', decision_id, kind, record_id_l, record_id_r, actor, note)::text as line
        from identity.decisions
        where change_id = of_change_id
        union all
        select json_build_array('revoked', decision_id)::text
        from identity.decisions
        where revoked_change_id = of_change_id
    ) as decision
$$;

create table identity.review_cases (
    case_id bigint primary key,
    kind text not null check (kind in ('potential_match', 'overlay', 'conflict')),
    status text not null default 'open' check (status in ('open', 'closed')),
    version integer not null default 1,
    reason text,
    priority double precision not null default 0,
    max_match_weight double precision,
    max_match_probability double precision,
    person_count integer not null,
    record_count integer not null,
    opened_change_id bigint not null,
    opened_at timestamptz not null,
    updated_change_id bigint not null,
    closed_change_id bigint,
    closed_reason text,
    superseded_by bigint
);
comment on table identity.review_cases is 'What a steward opens: potential match, overlay, conflict. id and version stay while nothing of it changes.';
create index review_cases_open on identity.review_cases (priority desc, case_id) where status = 'open';
create index review_cases_opened on identity.review_cases (opened_change_id);
create index review_cases_updated on identity.review_cases (updated_change_id);
create index review_cases_closed on identity.review_cases (closed_change_id) where closed_change_id is not null;

create table identity.case_pairs (
    case_id bigint not null,
    record_id_l bigint not null,
    record_id_r bigint not null,
    reason text,
    primary key (case_id, record_id_l, record_id_r)
);
comment on table identity.case_pairs is 'The pairs of records a case asks about.';
create index case_pairs_left on identity.case_pairs (record_id_l);
create index case_pairs_right on identity.case_pairs (record_id_r);

create table identity.notes (
    note_id bigint generated always as identity primary key,
    case_id bigint,
    person_id uuid,
    actor text not null,
    note text not null,
    noted_at timestamptz not null default clock_timestamp(),
    check (case_id is not null or person_id is not null)
);
comment on table identity.notes is 'What stewards wrote down about a case or a person.';
create index notes_case on identity.notes (case_id) where case_id is not null;
create index notes_person on identity.notes (person_id) where person_id is not null;

create function identity.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the identity ledger is append-only: % on %.% refused', tg_op, tg_table_schema, tg_table_name
        using errcode = 'insufficient_privilege';
end
$$;
create trigger changes_append_only before update or delete or truncate on identity.changes
    for each statement execute function identity.refuse_change();
create trigger events_append_only before update or delete or truncate on identity.events
    for each statement execute function identity.refuse_change();

create view identity.review_queue as
    select
        case_id,
        kind,
        version,
        reason,
        priority,
        max_match_weight,
        max_match_probability,
        person_count,
        record_count,
        opened_at
    from identity.review_cases
    where status = 'open';
comment on view identity.review_queue is 'The open review cases.';

-- publishing ---------------------------------------------------------------------------------------------------------

create table publishing.crosswalk (
    data_source text not null,
    source_person_id text not null,
    person_id uuid not null,
    since_change_id bigint not null,
    primary key (data_source, source_person_id, person_id)
);
comment on table publishing.crosswalk is 'Source identity -> person_id, as last published.';
create index crosswalk_person on publishing.crosswalk (person_id);

create table publishing.crosswalk_changes (
    change_no bigint generated always as identity primary key,
    change_id bigint not null,
    data_source text not null,
    source_person_id text not null,
    kind text not null check (kind in ('added', 'removed')),
    person_id uuid not null,
    published_at timestamptz not null default now()
);
comment on table publishing.crosswalk_changes is 'Change feed: what each publication added to and removed from the crosswalk; read on from the last change_no.';
create index crosswalk_changes_change on publishing.crosswalk_changes (change_id);
comment on column publishing.crosswalk_changes.change_id is 'The newest identity change, of those published together, that touched the source identity.';

create table publishing.publications (
    publication_no bigint generated always as identity primary key,
    through_change_id bigint not null unique,
    published_at timestamptz not null default now(),
    added bigint not null,
    removed bigint not null,
    after_change_no bigint not null,
    last_change_no bigint not null,
    exported_at timestamptz
);
create index publications_not_exported on publishing.publications (publication_no) where exported_at is null;
comment on column publishing.publications.after_change_no is 'Its part of the change feed: after_change_no < change_no <= last_change_no.';
comment on column publishing.publications.exported_at is 'When its part of the change feed was written to exports/crosswalk_changes/.';
comment on table publishing.publications is 'Up to which identity change the crosswalk is published.';

create view publishing.retired_persons as
    with recursive successor as (
        select person_id as retired_person_id, merged_into as person_id, 1 as steps
        from identity.persons
        where retired_change_id is not null and merged_into is not null
        union all
        select successor.retired_person_id, person.merged_into, successor.steps + 1
        from successor
        join identity.persons as person on person.person_id = successor.person_id
        where person.merged_into is not null and successor.steps < 10000
    )
    select distinct on (retired_person_id) retired_person_id, person_id
    from successor
    order by retired_person_id, steps desc;
comment on view publishing.retired_persons is 'Each retired person_id and the living person it resolves to.';
