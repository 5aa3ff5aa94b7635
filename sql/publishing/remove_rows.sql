-- Takes what this publication removed out of the crosswalk.
delete from publishing.crosswalk
using publishing.crosswalk_changes as change
where change.change_no > %(after_change_no)s
    and change.kind = 'removed'
    and crosswalk.data_source = change.data_source
    and crosswalk.source_person_id = change.source_person_id
    and crosswalk.person_id = change.person_id
