-- Knowing how good the index is: pairs that stewards judge blindly, and measurements over time.

create schema evaluation;

create table evaluation.samples (
    sample_id bigint generated always as identity primary key,
    made_at timestamptz not null default now(),
    actor text not null,
    model_id integer not null references matching.model (model_id),
    change_id bigint not null,
    potential_bits double precision not null,
    auto_bits double precision not null,
    seed bigint not null,
    allocation text not null check (allocation in ('equal', 'neyman')),
    pairs_unscored bigint not null
);
comment on table evaluation.samples is 'Stratified samples of scored pairs for stewards to judge, as of identity change change_id. pairs_unscored: pairs within persons that no stored score stands behind (joined through other records, or by decision); the sample does not cover them.';

create table evaluation.strata (
    sample_id bigint not null references evaluation.samples (sample_id) on delete cascade,
    stratum_no integer not null,
    low_bits double precision not null,
    high_bits double precision,
    joined boolean not null,
    population bigint not null,
    expected double precision not null,
    primary key (sample_id, stratum_no)
);
comment on table evaluation.strata is 'Strata of a sample: pairs with low_bits < match weight <= high_bits whose records are in one person (joined) or not; population: how many there were; expected: mean match probability of the model.';

create table evaluation.pairs (
    pair_id bigint generated always as identity primary key,
    sample_id bigint not null,
    stratum_no integer not null,
    record_id_l bigint not null,
    record_id_r bigint not null,
    match_weight double precision not null,
    unique (sample_id, record_id_l, record_id_r),
    foreign key (sample_id, stratum_no) references evaluation.strata (sample_id, stratum_no) on delete cascade
);
comment on table evaluation.pairs is 'The pairs of a sample in the order to ask about them. Stewards judge without seeing stratum and weight.';
create index pairs_left on evaluation.pairs (record_id_l);
create index pairs_right on evaluation.pairs (record_id_r);

create table evaluation.answers (
    answer_id bigint generated always as identity primary key,
    pair_id bigint not null references evaluation.pairs (pair_id) on delete cascade,
    answer text not null check (answer in ('same', 'different', 'unsure')),
    actor text not null,
    note text,
    answered_at timestamptz not null default clock_timestamp()
);
comment on table evaluation.answers is 'What stewards said about pairs of a sample. The last answer about a pair counts; earlier ones stay. An answer changes no identity.';
create index answers_pair on evaluation.answers (pair_id, answer_id);

create table evaluation.measurements (
    measurement_id bigint generated always as identity primary key,
    measured_at timestamptz not null default now(),
    kind text not null check (kind in ('rates', 'truth')),
    actor text not null,
    change_id bigint not null,
    model_id integer
);
comment on table evaluation.measurements is 'When the figures in evaluation.rates were taken, at which identity change, under which model. rates: from the index itself; truth: against a file of known truth.';

create table evaluation.rates (
    measurement_id bigint not null references evaluation.measurements (measurement_id) on delete cascade,
    rate text not null,
    dimension text not null,
    label text not null,
    numerator bigint,
    denominator bigint,
    value double precision not null,
    low double precision,
    high double precision,
    primary key (measurement_id, rate, dimension, label)
);
comment on table evaluation.rates is 'Rates over time: of the whole index (dimension all), by data source, sex, race and age band. low and high are 95 % confidence limits where the value is an estimate. Small groups are put together.';
create index rates_over_time on evaluation.rates (rate, dimension, label);

create view evaluation.verdicts as
    select distinct on (answer.pair_id)
        pair.sample_id,
        pair.stratum_no,
        answer.pair_id,
        pair.record_id_l,
        pair.record_id_r,
        answer.answer,
        answer.actor,
        answer.note,
        answer.answered_at
    from evaluation.answers as answer
    join evaluation.pairs as pair using (pair_id)
    order by answer.pair_id, answer.answer_id desc;
comment on view evaluation.verdicts is 'The answer that counts for each pair.';

create view evaluation.subgroups as
    select
        record.record_id,
        record.data_source,
        coalesce(record.sex, 'unknown') as sex,
        coalesce(record.race, 'unknown') as race,
        case
            when age.years is null then 'unknown'
            when age.years < 18 then '0-17'
            when age.years < 45 then '18-44'
            when age.years < 65 then '45-64'
            when age.years < 85 then '65-84'
            else '85+'
        end as age_band
    from cleaned.person_records as record
    cross join lateral (
        select
            extract(year from current_date)::integer - substring(record.birth_date from '^[0-9]{4}')::integer as years
    ) as age;
comment on view evaluation.subgroups is 'The groups that rates are told by, of each cleaned record; age in calendar years today.';
