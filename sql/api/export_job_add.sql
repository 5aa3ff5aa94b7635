-- Register an export; numbered together with batches.
insert into access.export_jobs (job_no, asked_by, what, address, filters)
values (nextval(pg_get_serial_sequence('intake.batches', 'batch_no')), %(asked_by)s, %(what)s, %(address)s, %(filters)s)
returning job_no
