-- Deletes what match models know of some values.
delete from matching.term_frequencies
where column_name = %(column_name)s and value = any (%(values)s)
