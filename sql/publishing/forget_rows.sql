-- Takes a withdrawn source identity out of the crosswalk; tells its persons.
delete from publishing.crosswalk
where data_source = %(data_source)s and source_person_id = %(source_person_id)s
returning person_id::text
