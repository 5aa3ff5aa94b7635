"""When things run: batches as partitions, the S3-arrival sensor, schedules, jobs, and running them in this process."""
