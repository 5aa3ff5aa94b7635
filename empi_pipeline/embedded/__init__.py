"""The servers of the zero-configuration start: a real PostgreSQL and a real S3 endpoint, both from wheels.

They run as long as any process uses them, keep their state under `EMPI_HOME`, and are never used once
`EMPI_POSTGRES_URL` or `EMPI_S3_BUCKET` point at servers of one's own.
"""
