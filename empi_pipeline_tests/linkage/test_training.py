import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from empi_pipeline.linkage import MatchModel, default_model, predict, term_frequencies, validated_model
from empi_pipeline.linkage.training.blocked_pairs import FEWEST_MATCHES
from empi_pipeline.linkage.training.decided_pairs import FEWEST_PAIRS, decided_shares
from empi_pipeline.linkage.training.parameters import (
    MOST_BITS,
    bounded,
    held_where_unseen,
    parameters_of,
    shrunk_m,
    shrunk_u,
)
from empi_pipeline.linkage.training.report import TrainingReport
from empi_pipeline.linkage.training.sampling import sampled
from empi_pipeline.linkage.training.side_by_side import SideBySide, side_by_side
from empi_pipeline.linkage.training.train import Judged, Trained, TrainingChoices, TrainingError, train
from empi_pipeline.scratch import open_scratch
from empi_pipeline_tests.linkage.records import cleaned, comparison, settings

SAME_FIRST_NAME = 0.8
"""How often the second record of a human has the first name of the first one."""

CHOICES = TrainingChoices(random_records=400)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_scratch() as connection:
        yield connection


def small_model(**first_name: Any) -> MatchModel:
    """Five comparisons, all worth 9 or -4 bits to start with, and three rules."""
    columns = ("first_name", "last_name", "birth_date", "social_security_number", "zip_code")
    rules = [f"l.{column} = r.{column}" for column in ("social_security_number", "birth_date", "last_name")]
    comparisons = [comparison(column) for column in columns]
    comparisons[0]["comparison_levels"][1] |= first_name
    changes: dict[str, Any] = {
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": [{"blocking_rule": rule} for rule in rules],
    }
    return validated_model("small", settings(**changes), 0.5, 0.99)


def population(humans: int, seed: int = 1) -> tuple[pa.Table, list[int]]:
    """Two records of each human, the second with errors; the human of each record."""
    rng = random.Random(seed)
    rows = []
    for _ in range(humans):
        first = {
            "first_name": f"given{rng.randrange(50)}",
            "last_name": f"family{rng.randrange(200)}",
            "birth_date": f"{rng.randrange(1940, 2010)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}",
            "social_security_number": f"{rng.randrange(100_000_000, 700_000_000)}",
            "zip_code": f"{rng.randrange(43000, 43020)}",
        }
        second = dict(first)
        if rng.random() > SAME_FIRST_NAME:
            second["first_name"] = f"given{rng.randrange(50)}"
        for column, share in (("last_name", 0.1), ("birth_date", 0.05), ("social_security_number", 0.1)):
            if rng.random() < share:
                second[column] = {"last_name": "family0", "birth_date": "1999-09-09"}.get(column)
        if rng.random() < 0.3:
            second["zip_code"] = f"{rng.randrange(43000, 43020)}"
        rows += [first, second]
    return cleaned(*rows), [place // 2 for place in range(len(rows))]


def same_level(trained: Trained, name: str) -> tuple[float, float]:
    """m and u of "same"."""
    found = next(each for each in parameters_of(trained.model) if each.name == name)
    return float(found.m[0]), float(found.u[0])


@pytest.fixture(scope="module")
def guessed() -> Trained:
    """What 300 humans teach without being told anything."""
    with open_scratch() as con:
        return train(con, population(300)[0], small_model(), "trained", CHOICES)


def test_m_and_u_come_close_to_how_the_records_were_made(con: duckdb.DuckDBPyConnection) -> None:
    records, _ = population(1500)
    trained = train(con, records, small_model(), "trained", CHOICES)
    m, u = same_level(trained, "first_name")
    # One of fifty names, drawn again by chance for one in fifty of the others.
    assert m == pytest.approx(SAME_FIRST_NAME + 0.2 / 50, abs=0.04)
    assert u == pytest.approx(1 / 50, rel=0.15)
    m, u = same_level(trained, "zip_code")
    assert m == pytest.approx(0.7 + 0.3 / 20, abs=0.04)
    assert u == pytest.approx(1 / 20, rel=0.1)


def test_the_prior_is_found_but_only_taken_when_asked_for(con: duckdb.DuckDBPyConnection, guessed: Trained) -> None:
    records, _ = population(300)
    kept = guessed
    taken = train(con, records, small_model(), "trained", TrainingChoices(random_records=400, learns_prior=True))
    # 300 true pairs among 600 * 599 / 2.
    assert kept.report.prior_learned == pytest.approx(300 / 179_700, rel=0.05)
    assert kept.model.settings["probability_two_random_records_match"] == 0.001
    assert taken.model.settings["probability_two_random_records_match"] == taken.report.prior_learned


@pytest.mark.long
def test_the_same_records_and_seed_give_the_same_model_in_any_order_and_on_any_number_of_cores() -> None:
    records, _ = population(300)
    order = np.random.default_rng(3).permutation(records.num_rows)
    other_ids = pa.array(np.arange(records.num_rows) * 3 + 11)
    shuffled = records.take(pa.array(order)).set_column(0, "record_id", other_ids)
    digests = set()
    for threads, table in ((1, records), (2, records), (2, shuffled)):
        with open_scratch(threads=threads) as con:
            digests.add(train(con, table, small_model(), "trained", CHOICES).model.digest)
    assert len(digests) == 1


@pytest.mark.long
def test_another_seed_draws_another_sample(con: duckdb.DuckDBPyConnection) -> None:
    records, _ = population(50)
    drawn = [set(sampled(con, records, seed, 40)["original_id"].to_pylist()) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert [len(each) for each in drawn] == [40, 40, 40]


def nobody(number: int) -> pa.Table:
    return cleaned(*({} for _ in range(number)))


DEGENERATE = {
    "no value anywhere": nobody(60),
    "two empty records": nobody(2),
    "one human, many times": cleaned(
        *({"first_name": "ann", "last_name": "lee", "social_security_number": "123121234"} for _ in range(80))
    ),
    "all different": cleaned(
        *(
            {"first_name": f"n{n}", "last_name": f"f{n}", "social_security_number": f"{123121234 + n}"}
            for n in range(80)
        )
    ),
    "one column only": cleaned(*({"social_security_number": f"{123121234 + n // 2}"} for n in range(240))),
}


@pytest.mark.long
@pytest.mark.parametrize(
    ("case", "start"), [*((case, small_model) for case in DEGENERATE), ("one human, many times", default_model)]
)
def test_degenerate_records_break_no_training(con: duckdb.DuckDBPyConnection, case: str, start: Any) -> None:
    trained = train(con, DEGENERATE[case], start(), "trained", CHOICES)
    for before, after in zip(parameters_of(start()), parameters_of(trained.model), strict=True):
        assert np.abs(np.log2(after.m / before.m)).max() <= MOST_BITS + 1e-6
    # What was trained scores.
    frequencies = term_frequencies(con, DEGENERATE[case], trained.model)
    predict(con, trained.model, frequencies, DEGENERATE[case], DEGENERATE[case].slice(0, 0))


@pytest.mark.long
def test_without_values_nothing_changes(con: duckdb.DuckDBPyConnection) -> None:
    trained = train(con, nobody(60), default_model(), "trained", CHOICES)
    assert trained.model.settings == default_model().settings


def test_there_is_nothing_to_learn_from_one_record(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(TrainingError, match="load some first"):
        train(con, nobody(1), default_model(), "trained")


@pytest.mark.long
def test_few_records_hardly_move_the_model(con: duckdb.DuckDBPyConnection) -> None:
    records, _ = population(FEWEST_MATCHES + 20)
    trained = train(con, records, small_model(), "trained", CHOICES)
    m, _ = same_level(trained, "first_name")
    # Start .9 (of .95), estimate about .8 of some 70 pairs against 200 pseudo-matches.
    assert 0.88 < m < 0.95


def test_what_protects_relatives_is_not_up_to_training() -> None:
    kept = {
        (each.name, label): (bool(keeps_m), bool(keeps_u))
        for each in parameters_of(default_model())
        for label, keeps_m, keeps_u in zip(each.labels, each.keeps_m, each.keeps_u, strict=True)
    }
    assert kept["given_name", "different, as twins are"] == (True, True)
    assert kept["name_suffix", "known of one only"] == (True, True)
    # Worth nothing on purpose: the given name counts the swap.
    assert kept["surname", "first and last name swapped"] == (True, True)
    # How often one human moves is learned; how often strangers share a home is asked among families.
    assert kept["home", "same address and surname"] == (False, True)
    assert kept["given_name", "same"] == (False, False)


def test_probabilities_fixed_in_the_settings_stay(con: duckdb.DuckDBPyConnection) -> None:
    records, _ = population(300)
    start = small_model(fix_m_probability=True, fix_u_probability=True)
    trained = train(con, records, start, "trained", CHOICES)
    assert same_level(trained, "first_name") == (0.9, 0.9 / 512)


def test_shrinking_follows_its_formulas() -> None:
    of = next(each for each in parameters_of(small_model()) if each.name == "zip_code")
    # (n * estimate + k * start) / (n + k), start brought to sum 1: .9 / .95.
    shrunk = shrunk_m(of, np.array([0.7, 0.3]), matches=300, pseudo_matches=100)
    assert shrunk.m.tolist() == pytest.approx(
        [(300 * 0.7 + 100 * 0.9 / 0.95) / 400, (300 * 0.3 + 100 * 0.05 / 0.95) / 400]
    )
    # (count + a) / (pairs + a / start)
    shrunk = shrunk_u(of, np.array([50.0, 950.0]), pairs=1000, pseudo_count=10)
    assert shrunk.u.tolist() == pytest.approx([60 / (1000 + 10 * 512 / 0.9), 960 / (1000 + 10 / 0.8)])


def test_no_level_moves_further_than_the_limit() -> None:
    of = next(each for each in parameters_of(small_model()) if each.name == "zip_code")
    moved = shrunk_m(of, np.array([1e-8, 1.0]), matches=1e9)
    held = bounded(of, moved)
    # The upper level: 2**4 times rarer than at the start, not 100 million times. The lower one 2**4 times more common.
    assert held.m.tolist() == pytest.approx([0.9 / 16, 0.05 * 16])
    assert moved.m[0] < 1e-6


def test_a_level_that_no_true_pair_was_seen_at_is_no_better_evidence_than_before() -> None:
    of = next(each for each in parameters_of(small_model()) if each.name == "zip_code")
    rare_by_chance = shrunk_u(of, np.array([10.0, 1e6]), pairs=1_000_010)
    held = held_where_unseen(of, rare_by_chance, np.array([True, True]), np.array([False, True]))
    assert held.u[0] < of.u[0] / 50
    assert held.m[0] / held.u[0] == pytest.approx(of.m[0] / of.u[0])
    never_seen = held_where_unseen(of, rare_by_chance, np.array([False, True]), np.array([False, True]))
    assert (never_seen.m[0], never_seen.u[0]) == (of.m[0], of.u[0])


def test_a_labelled_sample_outweighs_what_was_guessed(con: duckdb.DuckDBPyConnection, guessed: Trained) -> None:
    records, humans = population(300)
    # Labelled pairs that all agree on the zip code, which 30 % of the others do not.
    zip_codes = records["zip_code"].to_pylist()
    pairs = [at for at in range(0, len(humans), 2) if zip_codes[at] == zip_codes[at + 1]]
    labels = pa.table(
        {
            "record_id_l": pa.array([at + 1 for at in pairs]),
            "record_id_r": pa.array([at + 2 for at in pairs]),
            "is_match": pa.array([True] * len(pairs)),
        }
    )
    judged = Judged(records, labels, labels.slice(0, 0))
    told = train(con, records, small_model(), "trained", CHOICES, judged)
    assert told.report.labelled_matches == len(pairs) > FEWEST_PAIRS
    assert same_level(told, "zip_code")[0] > same_level(guessed, "zip_code")[0] + 0.08


def test_decisions_speak_for_pairs_of_their_weight_only(con: duckdb.DuckDBPyConnection, guessed: Trained) -> None:
    records, humans = population(300)
    start = small_model()
    frequencies = term_frequencies(con, records, start)
    scored = predict(con, start, frequencies, records, records.slice(0, 0))
    weakest = np.argsort(scored["match_weight"].to_numpy())[:60]
    asked = scored.take(pa.array(weakest)).select(["record_id_l", "record_id_r"])
    of = np.array(humans)
    same = of[asked["record_id_l"].to_numpy() - 1] == of[asked["record_id_r"].to_numpy() - 1]
    decisions = asked.append_column("is_match", pa.array(same))
    told = train(con, records, start, "trained", CHOICES, Judged(records, decisions.slice(0, 0), decisions))
    assert told.report.decided_pairs == 60
    # Only a third of the doubtful true pairs agree on the first name, but they are few among all true pairs.
    assert same_level(told, "first_name")[0] == pytest.approx(same_level(guessed, "first_name")[0], abs=0.05)


@pytest.mark.long
@pytest.mark.parametrize("is_match", [True, False])
def test_in_a_stratum_with_decisions_the_share_confirmed_counts_and_not_the_model(
    con: duckdb.DuckDBPyConnection, is_match: bool
) -> None:
    records, _ = population(300)
    start = small_model()
    frequencies = term_frequencies(con, records, start)
    scored = predict(con, start, frequencies, records, records.slice(0, 0))
    weights = scored["match_weight"].to_numpy()
    weakest = np.argsort(weights, kind="stable")[:40]
    asked = scored.take(pa.array(weakest)).select(["record_id_l", "record_id_r"])
    decisions = asked.append_column("is_match", pa.array([is_match] * 40))
    found = decided_shares(con, start, frequencies, records, decisions, scored, parameters_of(start))
    # Strata are two bits wide; five decisions make one count as decided.
    stratum = np.floor(weights / 2)
    decided = np.isin(stratum, [each for each in set(stratum) if (stratum[weakest] == each).sum() >= 5])
    assert 40 <= decided.sum() + 4 < len(weights)
    elsewhere = scored["match_probability"].to_numpy()[~decided].sum()
    expected = elsewhere + (decided.sum() if is_match else 0)
    assert found.shares["first_name"].sum() == pytest.approx(expected)


def test_a_trained_model_is_told_beside_its_start(con: duckdb.DuckDBPyConnection) -> None:
    records, model = population(300)[0], small_model()
    frequencies = term_frequencies(con, records, model)
    stricter = replace(model, auto_threshold=0.9999)
    scored = predict(con, model, frequencies, records, records.slice(0, 0))["match_probability"].to_numpy()
    lost, kept = int(((scored > 0.99) & (scored <= 0.9999)).sum()), int((scored > 0.9999).sum())
    assert min(lost, kept) > 20
    told = side_by_side(con, model, stricter, frequencies, records)
    assert told == SideBySide(
        joined_by_start=lost + kept, joined=kept, gained=0, lost=lost,
        asked_by_start=len(scored) - lost - kept, asked=len(scored) - kept,
    )  # fmt: skip
    assert told.is_far_apart
    same = side_by_side(con, model, model, frequencies, records)
    assert (same.gained, same.lost, same.is_far_apart) == (0, 0, False)
    back = side_by_side(con, stricter, model, frequencies, records)
    assert (back.gained, back.lost, back.is_far_apart) == (lost, 0, True)


def test_a_report_from_before_models_were_told_side_by_side_can_be_read(guessed: Trained) -> None:
    stored = guessed.report.as_json()
    assert stored.pop("beside")["joined"] > 0
    assert TrainingReport.from_json(stored).beside is None


def test_a_report_survives_being_stored(guessed: Trained) -> None:
    report = guessed.report
    assert TrainingReport.from_json(report.as_json()) == report
    assert any(rule.skipped is None for rule in report.rules)


def test_the_report_holds_no_value_of_a_record(guessed: Trained) -> None:
    records, _ = population(300)
    told = str(guessed.report.as_json())
    for column in ("first_name", "last_name", "birth_date", "social_security_number", "zip_code"):
        assert not any(value in told for value in set(records[column].to_pylist()) if value)
