-- Notes how much this publication changed and where its part of the change feed ends.
update publishing.publications
set added = %(added)s,
    removed = %(removed)s,
    last_change_no = greatest(
        after_change_no,
        (select max(change_no) from publishing.crosswalk_changes where change_no > %(after_change_no)s)
    )
where through_change_id > %(published_through)s
returning through_change_id
