"""The records that sources deliver, and the truth about them."""

import json
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet
import pytest

from empi_pipeline.errors import ConfigurationError
from empi_pipeline.schema import PERSON_RECORD_COLUMNS
from empi_pipeline.synthetic import SOURCES, Plan, Shares, blocks, generate, sources_named
from empi_pipeline.synthetic.files import _csv, _ndjson

Row = tuple[str | None, ...]


def rows_of(plan: Plan) -> list[tuple[Row, str]]:
    """Each row with the human behind it."""
    return [
        (tuple(row.values()), human)
        for block in blocks(plan)
        for part in block.delivered
        for row, human in zip(part.table.to_pylist(), part.humans.to_pylist(), strict=True)
    ]


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("again", 3), ("other", 4)):
        generate(Plan(700, seed=seed, deliveries=2), tmp_path / name)
    one, again, other = (content(tmp_path / name) for name in ("one", "again", "other"))
    assert one == again
    assert one.keys() == other.keys()
    assert all(one[name] != other[name] for name in one)


def test_the_truth_names_every_source_identity_once(tmp_path: Path) -> None:
    summary = generate(Plan(900, deliveries=3), tmp_path / "made")
    truth = pyarrow.csv.read_csv(tmp_path / "made" / "truth.csv")
    assert truth.column_names == ["data_source", "source_person_id", "human"]
    identities = list(zip(truth["data_source"].to_pylist(), truth["source_person_id"].to_pylist(), strict=True))
    delivered = []
    for path in (tmp_path / "made").rglob("*/*/person_records.csv"):
        with path.open(encoding="utf-8") as file:
            assert file.readline().rstrip("\n").split(",") == list(PERSON_RECORD_COLUMNS)
            delivered += [tuple(line.split(",")[:2]) for line in file]
    assert len(delivered) == summary.records == 900
    assert sorted(identities) == sorted(set(delivered))
    assert len(identities) == summary.identities < 900
    assert len(set(truth["human"].to_pylist())) == summary.humans
    assert json.loads((tmp_path / "made" / "summary.json").read_text())["deliveries"] == summary.deliveries


def test_a_larger_population_contains_the_smaller() -> None:
    small, large = rows_of(Plan(1_000)), rows_of(Plan(3_000))
    last = max((human for _, human in small), key=lambda human: tuple(map(int, human.split("-"))))
    complete = [(row, human) for row, human in small if human != last]
    assert len(complete) > 980
    assert set(complete) <= set(large)


def test_blocks_made_in_parallel_are_one_population(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rows_of(Plan(1_500))
    monkeypatch.setattr("empi_pipeline.synthetic.population._HOUSEHOLDS_PER_BLOCK", 64)
    assert len(list(blocks(Plan(1_500)))) > 3
    assert sorted(rows_of(Plan(1_500)), key=str) == sorted(whole, key=str)


def test_without_errors_all_records_of_a_human_agree_where_life_does_not_change_them() -> None:
    shares = replace(Shares().with_errors(0), borrowed_ssn=0.0)
    place = {name: number for number, name in enumerate(PERSON_RECORD_COLUMNS)}
    found: dict[str, set[Row]] = defaultdict(set)
    for row, human in rows_of(Plan(2_000, sources=(SOURCES["hospital"],), deliveries=3, shares=shares)):
        found[human].add((row[place["birth_date"]], row[place["sex"]]))
        assert row[place["address"]] is not None
        assert row[place["last_name"]] is not None
    assert {len(values) for values in found.values()} == {1}


def test_errors_come_as_often_as_the_shares_say() -> None:
    made: Counter[str] = Counter()
    for block in blocks(Plan(40_000, sources=(SOURCES["hospital"],))):
        made += block.made
    shares = Shares()
    for name in ("typo_first_name", "typo_address", "missing_ssn", "missing_phone", "swapped_names", "wrong_sex"):
        assert made[name] / 40_000 == pytest.approx(getattr(shares, name), rel=0.15), name
    assert made["placeholder_birth_date"] / 40_000 == pytest.approx(shares.placeholder_birth_date, rel=0.35)
    assert made["identities"] / made["humans"] == pytest.approx(1 + SOURCES["hospital"].duplicates, abs=0.015)
    assert made["unnamed_newborn"] > 0


def test_without_families_everybody_lives_alone() -> None:
    humans = {human for _, human in rows_of(Plan(1_500, shares=Shares().without_families()))}
    assert {human.split("-")[1] for human in humans} == {"0"}


def test_later_deliveries_bring_new_changed_and_unchanged_records() -> None:
    shares = replace(Shares(), updated=0.3)
    versions: dict[Row, list[Row]] = defaultdict(list)
    for block in blocks(Plan(4_000, deliveries=4, shares=shares)):
        for part in block.delivered:
            for row in part.table.to_pylist():
                values = tuple(row.values())
                versions[values[:2]].append((part.delivery, *values[2:]))
    first = Counter(min(each[0] for each in rows) for rows in versions.values())
    assert first[0] / len(versions) == pytest.approx(shares.first_delivery_share, abs=0.04)
    assert all(first[number] > 100 for number in (1, 2, 3))
    again = [rows for rows in versions.values() if len(rows) > 1]
    unchanged = sum(len({row[1:] for row in rows}) == 1 for rows in again)
    assert len(again) > 400
    assert 0.2 < unchanged / len(again) < 0.8


def test_newborns_get_their_names_later() -> None:
    shares = replace(Shares(), updated=0.9)
    unnamed, named = set(), set()
    for block in blocks(Plan(30_000, sources=(SOURCES["hospital"],), deliveries=3, shares=shares)):
        for part in block.delivered:
            for number, name in zip(part.table["source_person_id"], part.table["first_name"], strict=True):
                newborn = (name.as_py() or "").startswith(("BABY", "NEWBORN"))
                (unnamed if newborn else named).add(number.as_py())
    assert len(unnamed) > 20
    assert len(unnamed & named) / len(unnamed) > 0.8


def test_extra_columns_hold_what_is_otherwise_glued_to_names() -> None:
    glued, apart = rows_of(Plan(3_000)), rows_of(Plan(3_000, extra=True))
    assert {len(row) for row, _ in glued} == {15}
    assert {len(row) for row, _ in apart} == {18}
    middle = [row[15] for row, _ in apart if row[0] == "clinic"]
    assert 0.35 < sum(value is not None for value in middle) / len(middle) < 0.65
    assert all(row[15:] == (None, None, None) for row, _ in apart if row[0] in {"payer", "lab"})
    mails = [row[17] for row, _ in apart if row[17]]
    assert mails
    assert {mail.rpartition("@")[2].rpartition(".")[2] for mail in mails} <= {"com", "net", "org", "example"}
    assert {mail.rpartition("@")[2].rpartition(".")[0] for mail in mails} <= {"example", "mail", "post"}


def test_all_formats_hold_the_same_rows(tmp_path: Path) -> None:
    for file_format in ("csv", "ndjson", "parquet"):
        generate(Plan(400, extra=True), tmp_path / file_format, file_format)  # type: ignore[arg-type]
    for source in ("hospital", "clinic", "payer", "lab"):
        path = f"2025-01-01/{source}/person_records"
        parquet = pa.parquet.read_table(tmp_path / "parquet" / f"{path}.parquet")
        texts = pa.csv.ConvertOptions(column_types=parquet.schema, strings_can_be_null=True, null_values=[""])
        assert pa.csv.read_csv(tmp_path / "csv" / f"{path}.csv", convert_options=texts).equals(parquet)
        options = pa.json.ParseOptions(explicit_schema=parquet.schema)
        assert pa.json.read_json(tmp_path / "ndjson" / f"{path}.ndjson", parse_options=options).equals(parquet)


def test_values_that_need_quotes_have_them() -> None:
    table = pa.table({"a": ["x", 'say "so"', None], "b": ["1 main st, apt 2", "back\\slash", "line\nend"]})
    assert bytes(_csv(table)) == b'x,"1 main st, apt 2"\n"say ""so""",back\\slash\n,"line\nend"\n'
    lines = bytes(_ndjson(table.slice(0, 2))).decode().splitlines()
    assert [json.loads(line) for line in lines] == table.slice(0, 2).to_pylist()


@pytest.mark.parametrize(
    ("plan", "told"),
    [(Plan(0), "--records must be"), (Plan(5, deliveries=0), "--deliveries"), (Plan(5, deliveries=99), "1 to 60")],
)
def test_plans_that_make_no_sense_are_refused(plan: Plan, told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=told):
        generate(plan, tmp_path / "made")


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "somebody's").touch()
    with pytest.raises(ConfigurationError, match="not an empty folder"):
        generate(Plan(5), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["somebody's"]


def test_unknown_sources_are_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="no source is called mars; there are hospital, clinic"):
        sources_named(("hospital", "mars"))
    assert [source.name for source in sources_named(("lab", "hospital"))] == ["hospital", "lab"]
