import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
import pytest

from empi_pipeline.evaluation.example_pairs import EXAMPLES, example_records
from empi_pipeline.evaluation.model_page import model_figures, model_page
from empi_pipeline.linkage import default_model, term_frequencies
from empi_pipeline.linkage.model_figures import RulePairs, rule_pairs, self_weights
from empi_pipeline.linkage.registry import RegisteredModel
from empi_pipeline.linkage.training.of_index import Provenance
from empi_pipeline.linkage.training.report import LevelReport, RuleReport, TrainingReport
from empi_pipeline.linkage.validation import validated_model
from empi_pipeline.scratch import open_scratch
from empi_pipeline_tests.linkage.records import cleaned, settings

AT = datetime(2026, 11, 20, tzinfo=UTC)
CANARY = "zzyzx"

REPORT = TrainingReport(
    seed=1,
    records=6,
    sampled_records=6,
    random_records=3,
    family_share=1.0,
    prior_start=0.001,
    prior_learned=0.002,
    prior=0.001,
    labelled_pairs=0,
    labelled_matches=0,
    decided_pairs=0,
    decided_matches=0,
    rules=[RuleReport("l.last_name = r.last_name", 9, 0.5, ["first_name"], None)],
    levels=[LevelReport("first_name", "same", 0.9, 0.01, 0.8, 0.02, False, False, [(0, 0.79)], 4)],
)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_scratch(threads=1) as connection:
        yield connection


def small() -> RegisteredModel:
    model = validated_model("<small>", settings(), 0.5, 0.99)
    return RegisteredModel(7, model, True, True, None, None, None, AT, "test")


RECORDS = cleaned(
    {"first_name": "ann", "last_name": CANARY},
    {"first_name": "ann", "last_name": CANARY},
    {"first_name": "bob", "last_name": CANARY},
    {"first_name": "bob"},
    {},
)


def test_a_record_without_values_cannot_be_matched_even_by_its_copy(con: duckdb.DuckDBPyConnection) -> None:
    model = small().model
    frequencies = term_frequencies(con, RECORDS, model).slice(0, 0)
    # Prior -10 bits (0.001); first and last name 9 bits each.
    expected = [-10, -10 + 9, -10 + 18, -10 + 18, -10 + 18]
    assert self_weights(con, model, frequencies, RECORDS) == pytest.approx(expected, abs=0.1)


def test_a_rule_is_told_with_what_it_adds(con: duckdb.DuckDBPyConnection) -> None:
    rules = ["l.last_name = r.last_name", "l.first_name = r.first_name"]
    model = validated_model("m", settings(blocking_rules_to_generate_predictions=rules), 0.5, 0.99)
    # By surname 1-2, 1-3, 2-3; by first name 1-2 again, and 3-4.
    assert rule_pairs(con, RECORDS, model) == [RulePairs(rules[0], 3, 3), RulePairs(rules[1], 2, 1)]


def test_the_page_needs_nothing_from_elsewhere_and_holds_no_value_of_a_record(con: duckdb.DuckDBPyConnection) -> None:
    registered = small()
    frequencies = term_frequencies(con, RECORDS, registered.model).slice(0, 0)
    figures = model_figures(con, registered, frequencies, RECORDS, 5)
    # 8 bits are .996; the record with one name only and the one with none stay below .99.
    assert figures.unlinkable(0.99) == pytest.approx(0.4)
    page = model_page(registered, Provenance(3, 6, 12, REPORT, AT, "ann"), figures, AT)
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(drawings) == 3 + len(EXAMPLES)
    for drawing in drawings:
        ET.fromstring(drawing)
    assert not re.search(r"<script|<link|<img|@import|url\(|src=", page)
    assert set(re.findall(r"https?://[^\"' <]+", page)) == {"http://www.w3.org/2000/svg"}
    assert CANARY not in page
    assert "&lt;small&gt;" in page
    assert "Trained from model 3" in page


def test_an_untrained_model_and_an_empty_index_have_a_page_too(con: duckdb.DuckDBPyConnection) -> None:
    registered = small()
    nothing = RECORDS.slice(0, 0)
    figures = model_figures(con, registered, term_frequencies(con, nothing, registered.model), nothing, 0)
    assert figures.unlinkable(0.99) is None
    page = model_page(registered, None, figures, AT)
    assert "was not trained here" in page
    assert "no records yet" in page


def test_the_shipped_model_tells_the_examples_apart(con: duckdb.DuckDBPyConnection) -> None:
    registered = replace(small(), model=default_model())
    records = example_records()
    assert records.num_rows == 2 * len(EXAMPLES)
    figures = model_figures(
        con, registered, term_frequencies(con, records.slice(0, 0), default_model()), records.slice(0, 0), 0
    )
    verdicts = {each.title: told.verdict for each, told in zip(EXAMPLES, figures.examples, strict=True)}
    assert verdicts["The same record twice"] == "auto-match"
    assert verdicts["Two strangers of one name"] == "below the thresholds"
