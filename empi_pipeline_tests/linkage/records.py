"""Cleaned records for tests, and a small model to score them with."""

from typing import Any

import pyarrow as pa

from empi_pipeline.schema import CLEANED_COLUMNS


def cleaned(*rows: dict[str, Any]) -> pa.Table:
    """A cleaned table; record ids count from 1 unless a row names one."""
    columns: dict[str, list[Any]] = {"record_id": [row.get("record_id", place) for place, row in enumerate(rows, 1)]}
    columns |= {column: [row.get(column) for row in rows] for column in CLEANED_COLUMNS}
    fields = [("record_id", pa.int64()), *((column, pa.string()) for column in CLEANED_COLUMNS)]
    return pa.table(columns, schema=pa.schema(fields))


def comparison(column: str, **exact: Any) -> dict[str, Any]:
    """Missing, same (9 bits), different (-4 bits)."""
    return {
        "output_column_name": column,
        "comparison_levels": [
            {"sql_condition": f"{column}_l is null or {column}_r is null", "is_null_level": True},
            {
                "sql_condition": f"{column}_l = {column}_r",
                "label_for_charts": "same",
                "m_probability": 0.9,
                "u_probability": 0.9 / 512,
                **exact,
            },
            {"sql_condition": "ELSE", "label_for_charts": "different", "m_probability": 0.05, "u_probability": 0.8},
        ],
    }


def settings(**changes: Any) -> dict[str, Any]:
    """Valid settings: two comparisons, one rule."""
    return {
        "link_type": "dedupe_only",
        "probability_two_random_records_match": 0.001,
        "blocking_rules_to_generate_predictions": [{"blocking_rule": "l.last_name = r.last_name"}],
        "comparisons": [comparison("first_name"), comparison("last_name", tf_adjustment_column="last_name")],
    } | changes
