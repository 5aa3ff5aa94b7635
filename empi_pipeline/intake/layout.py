"""How a delivered object is to be read: the layout a data source was given, the limits, and the plan of its columns."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from empi_pipeline.errors import ConfigurationError, UnreadableObjectError
from empi_pipeline.schema import ATTRIBUTE_COLUMNS, PERSON_RECORD_COLUMNS, SOURCE_IDENTITY_COLUMNS, is_person_column

SHOWN_NAME_LENGTH: Final = 80
"""Characters of a delivered column name that messages and reports show."""


@dataclass(frozen=True, slots=True)
class SourceLayout:
    """How the objects under one prefix are laid out; the standard 15 columns need no layout.

    Attributes:
        prefix: Objects whose name starts with this have this layout.
        mapping: Delivered column name -> standard column name, or None for a column to leave out (a load timestamp,
            say, which would make every delivery of the same person new content).
        constants: Values by standard column, where the object lacks the column or a row has no value in it.
        delimiter: One character; None means `,`, and a tab in `.tsv` objects.
        encoding: Name of a Python text encoding; an UTF-16 byte order mark is recognised without it.
    """

    prefix: str = ""
    mapping: Mapping[str, str | None] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        """Refuse what cannot work, before any object is opened.

        Raises:
            ConfigurationError: An unknown column, delimiter or encoding.
        """
        where = f"layout of {self.prefix!r}"
        unknown = [name for name in self.mapping.values() if name and not is_person_column(name)]
        unknown += [name for name in self.constants if name not in PERSON_RECORD_COLUMNS]
        if unknown:
            raise ConfigurationError(f"{where}: {unknown[0]!r} is not one of {', '.join(PERSON_RECORD_COLUMNS)}")
        if "source_person_id" in self.constants:
            raise ConfigurationError(f"{where}: source_person_id cannot be constant, every row would be one person")
        if self.delimiter is not None and not re.fullmatch(r"[\t !#-~]", self.delimiter):
            raise ConfigurationError(f"{where}: the delimiter must be one ASCII character other than quote and newline")
        try:
            b"ab".decode(self.encoding, "replace")  # No bytes at all would be decoded without looking it up.
        except LookupError:
            raise ConfigurationError(f"{where}: unknown text encoding {self.encoding!r}") from None


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What is accepted. Sizes in bytes.

    Attributes:
        max_value_bytes: A row with a longer value is rejected.
        max_identity_bytes: The same for data_source and source_person_id, which are indexed together: an index entry
            of Postgres holds 2,704 bytes.
        max_columns: An object with more columns is refused.
        max_row_bytes: An object with a longer row is refused; nearly always a quote that is never closed.
        max_batch_rows: Rows in one `RowBatch`.
        kept_row_bytes: How much of a rejected row is kept.
        block_bytes: How much of a text object is read at once.
    """

    max_value_bytes: int = 10_000
    max_identity_bytes: int = 1_000
    max_columns: int = 1_000
    max_row_bytes: int = 64 << 20
    max_batch_rows: int = 100_000
    kept_row_bytes: int = 8_192
    block_bytes: int = 8 << 20


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """Where the columns of an object go.

    Attributes:
        positions: Standard column -> position in the object.
        constants: Standard column -> value where nothing is delivered.
        extra: (name, position) of the columns kept aside, sorted by name.
        left_out: Names of the columns that the layout leaves out.
        delivered: Number of columns in the object.
    """

    positions: Mapping[str, int]
    constants: Mapping[str, str]
    extra: tuple[tuple[str, int], ...]
    left_out: tuple[str, ...]
    delivered: int


def normalised_name(name: str) -> str:
    """A column name as it is compared: trimmed, lower case, inner white space as one underscore."""
    return re.sub(r"\s+", "_", name.strip().lower())


def shown_name(name: str) -> str:
    """A column name as messages and reports show it."""
    return name if len(name) <= SHOWN_NAME_LENGTH else name[: SHOWN_NAME_LENGTH - 1] + "…"


def layout_for(object_name: str, layouts: Iterable[SourceLayout]) -> SourceLayout:
    """The layout with the longest prefix of this name; the standard layout when none fits."""
    fitting = [layout for layout in layouts if object_name.startswith(layout.prefix)]
    return max(fitting, key=lambda layout: len(layout.prefix), default=SourceLayout())


def plan_columns(
    names: Sequence[str], layout: SourceLayout, limits: ReadLimits, object_name: str, *, complete: bool = True
) -> ColumnPlan:
    """Decide where each delivered column goes.

    Args:
        names: Delivered column names, in the order of the object.
        layout: Mapping and constants.
        limits: For the number of columns.
        object_name: For messages.
        complete: Whether `names` is all the object can ever have (a header); then required columns must be there,
            and one that says something about the person.

    Raises:
        UnreadableObjectError: Too many columns, required columns missing, nothing but ids, or two columns of one name.
    """
    if len(names) > limits.max_columns:
        raise UnreadableObjectError(
            "too_many_columns", f"{object_name}: {len(names):,} columns, at most {limits.max_columns:,} are read"
        )
    mapping = {normalised_name(name): target for name, target in layout.mapping.items()}
    normalised = [normalised_name(name) or f"unnamed_{position + 1}" for position, name in enumerate(names)]
    targets = [mapping.get(name, name) for name in normalised]
    if complete:
        _refuse_missing(targets, layout, object_name)
    # Only now may names be shown: without the required names the "header" may be somebody's record.
    seen: set[str] = set()
    for target, name in zip(targets, names, strict=True):
        if target is not None and target in seen:
            raise UnreadableObjectError(
                "duplicate_header",
                f"{object_name}: more than one column for {shown_name(target)!r}; name each column once",
            )
        if "\0" in name:
            raise UnreadableObjectError("bad_header", f"{object_name}: a column name contains a NUL character")
        if target is not None:
            seen.add(target)
    if complete:
        _refuse_ids_alone(targets, object_name)
    positions = {target: at for at, target in enumerate(targets) if target in PERSON_RECORD_COLUMNS}
    return ColumnPlan(
        positions={name: positions[name] for name in PERSON_RECORD_COLUMNS if name in positions},
        constants={name: value for name, value in layout.constants.items() if value},
        extra=tuple(
            sorted((name, at) for at, name in enumerate(targets) if name is not None and name not in positions)
        ),
        left_out=tuple(name for name, target in zip(normalised, targets, strict=True) if target is None),
        delivered=len(names),
    )


def _refuse_missing(targets: Sequence[str | None], layout: SourceLayout, object_name: str) -> None:
    missing = [name for name in SOURCE_IDENTITY_COLUMNS if name not in targets and name not in layout.constants]
    if missing:
        raise UnreadableObjectError(
            "missing_columns",
            f"{object_name}: no column {' and '.join(missing)} among its {len(targets):,} columns; "
            "deliver a header line, or give the data source a column mapping, constants or another delimiter",
        )


def _refuse_ids_alone(targets: Sequence[str | None], object_name: str) -> None:
    """A crosswalk or a list of true persons that got among the deliveries would become records that match nobody."""
    telling = {name for name in targets if name and is_person_column(name)} - {*SOURCE_IDENTITY_COLUMNS}
    if not telling and "suffix" not in targets:  # What cleaning also takes for a name_suffix.
        raise UnreadableObjectError(
            "no_attributes",
            f"{object_name}: none of its {len(targets):,} columns says anything about a person but ids; if these are "
            f"person records, name columns {', '.join(ATTRIBUTE_COLUMNS[:2])} and so on, or map them in empi.yaml",
        )
