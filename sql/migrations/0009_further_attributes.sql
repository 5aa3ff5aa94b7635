-- What sources deliver beside the standard columns and matching uses: former surnames, further addresses, other numbers.

alter table cleaned.person_records
    add column previous_last_names text,
    add column other_addresses text,
    add column identifiers text;
comment on column cleaned.person_records.previous_last_names is 'Former surnames in their cleaned form, separated by |.';
comment on column cleaned.person_records.other_addresses is 'Further addresses in their cleaned form, without unit, each with its zip code, or city, after a comma; separated by |.';
comment on column cleaned.person_records.identifiers is 'Numbers in other registers, each as register:number; separated by |.';
