-- Give the login roles their passwords, from the environment: an argument would show in the list of processes.
\getenv owner EMPI_OWNER_PASSWORD
\getenv pipeline EMPI_PIPELINE_PASSWORD
\getenv dagster DAGSTER_POSTGRES_PASSWORD
alter role empi_owner password :'owner';
alter role empi_pipeline password :'pipeline';
alter role dagster password :'dagster';
