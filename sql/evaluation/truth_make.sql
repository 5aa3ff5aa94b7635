-- A temporary table for the known truth; identity_no is the line of the file.
create temporary table truth (
    identity_no bigint not null,
    data_source text not null,
    source_person_id text not null,
    human_no bigint not null
) on commit drop
