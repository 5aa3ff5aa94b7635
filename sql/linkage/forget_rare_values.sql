-- Deletes what match models know of some values, unless a value is clearly more frequent than the rarest of its column.
delete from matching.term_frequencies as known
where known.column_name = %(column_name)s
    and known.value = any (%(values)s)
    and known.frequency < 3 * (
        select min(other.frequency)
        from matching.term_frequencies as other
        where other.model_id = known.model_id and other.column_name = known.column_name
    )
