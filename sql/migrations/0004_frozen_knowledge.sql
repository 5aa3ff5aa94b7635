-- What a match model learns from the data and keeps: values shared by many, and on how much data it was learnt.

create table matching.shared_values (
    model_id integer not null,
    column_name text not null,
    value text not null,
    humans integer not null,
    primary key (model_id, column_name, value)
);
comment on table matching.shared_values is 'Values that many clearly different humans had when a match model was frozen; to this model they are missing. Person data.';
comment on column matching.shared_values.column_name is 'social_security_number, phone, email, or address: then the value is the address and its zip code, or its city.';
comment on column matching.shared_values.humans is 'How many clearly different humans had it, at least.';

alter table matching.model
    add column frozen_records bigint,
    add column refrozen_model_id integer references matching.model (model_id);
comment on column matching.model.frozen_records is 'On how many records it was frozen; null for models that earlier versions froze.';
comment on column matching.model.refrozen_model_id is 'The model with the same settings that this one was made from, to learn anew.';

create table matching.knowledge_checks (
    check_id bigint generated always as identity primary key,
    model_id integer not null references matching.model (model_id),
    checked_at timestamptz not null default now(),
    records bigint not null,
    frozen_family_share double precision not null,
    family_share double precision not null,
    shared_values_unknown jsonb not null
);
comment on table matching.knowledge_checks is 'What was frozen into a model beside what the whole index showed, once a rematch: numbers only. shared_values_unknown: how many by column.';
