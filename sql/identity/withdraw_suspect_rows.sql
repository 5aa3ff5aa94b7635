-- Rejected rows that may be of a source identity: its id stands in the row, and the data source too, or other rows of
-- the same object are of that data source. Spellings: the id as bytes in the encodings a file may have.
select rejected.arrival_id, rejected.line_number, rejected.content, rejected.ctid::text
from raw.rejected_rows as rejected
where exists (select from unnest(%(spellings)s::bytea[]) as spelling where position(spelling in rejected.content) > 0)
    and (
        exists (select from unnest(%(sources)s::bytea[]) as spelling where position(spelling in rejected.content) > 0)
        or exists (
            select
            from raw.person_records as record
            where record.batch_id = rejected.batch_id
                and record.arrival_id = rejected.arrival_id
                and record.data_source = %(data_source)s
        )
        or exists (
            select
            from intake.arrivals as arrival
            where arrival.arrival_id = rejected.arrival_id
                and exists (
                    select from unnest(%(prefixes)s::text[]) as prefix where starts_with(arrival.object_key, prefix)
                )
        )
    )
