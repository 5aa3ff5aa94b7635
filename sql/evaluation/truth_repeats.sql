-- Forgets lines that say again what an earlier line said.
delete from truth
using truth as earlier
where earlier.data_source = truth.data_source
    and earlier.source_person_id = truth.source_person_id
    and earlier.identity_no < truth.identity_no
