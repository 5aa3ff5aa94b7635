-- Takes the content out of some rejected rows; that they were rejected, where and why stays.
update raw.rejected_rows
set content = null
where ctid = any (%(places)s::tid[])
