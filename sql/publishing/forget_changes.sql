-- Takes a withdrawn source identity out of the change feed; tells the entries and persons it was published under.
delete from publishing.crosswalk_changes
where data_source = %(data_source)s and source_person_id = %(source_person_id)s
returning change_no, person_id::text
