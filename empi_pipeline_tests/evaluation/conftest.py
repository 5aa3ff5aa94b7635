from empi_pipeline_tests.cli.conftest import empi, nowhere

__all__ = ["empi", "nowhere"]
