"""The forms of cleaned values, as a pandera schema; evaluated where the table is at hand, in the asset's own step."""

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Final

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.assets.tables import markdown_table
from empi_pipeline.schema import CLEANED_COLUMNS, SOURCE_IDENTITY_COLUMNS

if TYPE_CHECKING:
    from pandera.pyarrow import DataFrameSchema

FORMATS: Final = dg.AssetCheckSpec(
    "formats",
    asset=["cleaned", "person_records"],
    description="Cleaned values have the one form each column is to have.",
)

_PATTERNS: Final = {
    "first_name": r"^[^A-Z]*$",
    "last_name": r"^[^A-Z]*$",
    "sex": r"^[a-z]$",
    "birth_date": r"^\d{4}(-\d{2}(-\d{2})?)?$",
    "death_date": r"^\d{4}(-\d{2}(-\d{2})?)?$",
    "social_security_number": r"^\d{9}$",
    "phone": r"^\d+$",
    "phone_extension": r"^\d+$",
    "email": r"^[^@\s]+@[^@\s]+$",
}


def check_formats(cleaned: pa.Table, pass_through: frozenset[str]) -> dg.AssetCheckResult:
    """Count the values of another form.

    Args:
        cleaned: `record_id` and `CLEANED_COLUMNS`.
        pass_through: Data sources whose values stay as delivered; they are left out.
    """
    from pandera.errors import SchemaErrors

    standardised = cleaned
    if pass_through:
        kept = pc.invert(pc.is_in(cleaned["data_source"], pa.array(sorted(pass_through), pa.string())))
        standardised = cleaned.filter(kept)
    wrong: Counter[tuple[str, str]] = Counter()
    try:
        _schema().validate(standardised, lazy=True)
    except SchemaErrors as errors:
        # Only names and counts leave here: the messages and failure cases of pandera quote values.
        for error in errors.schema_errors:
            check = getattr(error.check, "name", None) or str(error.reason_code.name).lower()
            wrong[error.column_name or "table", check] += _count(error.failure_cases)
    return dg.AssetCheckResult(
        check_name=FORMATS.name,
        asset_key=FORMATS.asset_key,
        passed=not wrong,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "problems": markdown_table(
                ["column", "check", "values"], [[*key, count] for key, count in sorted(wrong.items())]
            )
        }
        if wrong
        else {},
    )


@cache
def _schema() -> "DataFrameSchema":
    # Half a second to import: not at the start of every command.
    import pandera.pyarrow as pandera

    columns = {
        name: pandera.Column(
            pa.string(),
            [pandera.Check.str_matches(_PATTERNS[name], name="form")] if name in _PATTERNS else [],
            nullable=name not in SOURCE_IDENTITY_COLUMNS,
        )
        for name in CLEANED_COLUMNS
    }
    return pandera.DataFrameSchema({"record_id": pandera.Column(pa.int64(), unique=True), **columns})


def _count(failure_cases: object) -> int:
    return failure_cases.num_rows if isinstance(failure_cases, pa.Table) else 1
