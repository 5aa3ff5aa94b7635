-- How an export ended.
update access.export_jobs
set status = %(status)s, reason = %(reason)s, row_count = %(row_count)s, finished_at = now()
where job_no = %(job_no)s and status in ('new', 'running')
returning job_no
