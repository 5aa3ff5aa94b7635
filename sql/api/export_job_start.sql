-- Begin an export, unless it was cancelled meanwhile.
update access.export_jobs
set status = 'running', started_at = now()
where job_no = %(job_no)s and status = 'new'
returning job_no
