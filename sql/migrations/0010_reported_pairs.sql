-- What somebody reports about two records without deciding it: it asks stewards, as a prediction does.

create table identity.reported_pairs (
    record_id_l bigint not null,
    record_id_r bigint not null,
    says text not null check (says in ('same', 'different')),
    actor text not null,
    change_id bigint not null,
    primary key (record_id_l, record_id_r, says),
    check (record_id_l < record_id_r)
);
comment on table identity.reported_pairs is 'Pairs of records that somebody reported to be one human, or two, where the index has it otherwise (answers to evaluation questions). Not decisions: each is an open question until the index agrees or decisions in force answer it. change_id: the identity change that brought it in.';
create index reported_pairs_right on identity.reported_pairs (record_id_r);
