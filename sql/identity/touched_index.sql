-- Lets each round find its own records.
create index on touched_records (round)
