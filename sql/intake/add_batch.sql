-- A new batch; its number is given by the database, its id follows.
insert into intake.batches (batch_id)
values (gen_random_uuid()::text)
returning batch_no
