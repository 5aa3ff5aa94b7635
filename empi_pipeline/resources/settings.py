"""`empi.yaml` as a Dagster resource."""

from pathlib import Path

import dagster as dg

from empi_pipeline.settings import Settings, read_settings


class SettingsResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Reads the settings at the start of each run, so that a changed file needs no restart."""

    file: str | None = None

    def read(self) -> Settings:
        """The settings in force.

        Raises:
            ConfigurationError: The file is wrong; each problem with its path.
        """
        return read_settings(Path(self.file) if self.file else None)
