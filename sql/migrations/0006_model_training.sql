create table matching.model_training (
    model_id integer primary key references matching.model (model_id),
    start_model_id integer not null references matching.model (model_id),
    seed bigint not null,
    records bigint not null,
    sampled_records bigint not null,
    labelled_pairs bigint not null,
    decided_pairs bigint not null,
    seen_change_id bigint not null,
    report jsonb not null,
    trained_at timestamptz not null default now(),
    trained_by text not null
);
comment on table matching.model_training is 'Where a trained match model comes from: the model, records and seed that training started from, and its report (counts and probabilities, no values). seen_change_id: the newest identity change then.';
