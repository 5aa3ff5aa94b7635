from empi_pipeline_tests.whole_pipeline import dagster_template, environment, running

__all__ = ["dagster_template", "environment", "running"]
