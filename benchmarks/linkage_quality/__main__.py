"""`python -m benchmarks.linkage_quality [SET ...] [--scale 1M] [--no-plain] [--train-on SET]`: how good the model is.

Prints three lines per data set: ours; plain Splink on our cleaned records; plain Splink on the records as delivered.
Then our failures by kind. `--scale` adds a synthetic population of so many records (100k, 410k, 1M); `--train-on` a
line for the model that `empi model train` makes of one set, `--train-on self` for one made of the measured set itself.

febrl_40k is read from the folder in EMPI_BENCHMARK_DATA, pseudopeople from EMPI_BENCHMARK_PSEUDOPEOPLE (written by
`dump_pseudopeople.py`); sets that cannot be had are left out.
The model sees no truth here, but was chosen on some of these sets: docs/matching-model.md says which.
"""

import argparse
import os
import time
from datetime import date
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.linkage_quality import data_sets, kinds
from benchmarks.linkage_quality.clustering import settled
from benchmarks.linkage_quality.plain_splink import plain_splink
from empi_pipeline import linkage
from empi_pipeline.cleaning import clean, infer_date_formats
from empi_pipeline.evaluation.agreement import agreement
from empi_pipeline.linkage.training.train import train
from empi_pipeline.scratch import open_scratch

_HEADER = (
    f"{'data set':<28}{'records':>9}  {'who':<32}{'F1':>7}{'precision':>11}{'recall':>9}{'overlaid':>10}"
    f"{'per 1k':>8}{'cases/1k':>10}{'seconds':>9}"
)


def cleaned_records(con: duckdb.DuckDBPyConnection, records: pa.Table, today: date) -> pa.Table:
    """Cleans each data source by the date order found in it, as the pipeline does."""
    orders = infer_date_formats(con, records)
    parts = []
    for source in sorted(set(records["data_source"].to_pylist())):
        part = records.filter(pc.equal(records["data_source"], source))
        of_source = {column: order for (name, column), order in orders.items() if name == source}
        parts.append(clean(con, part, {}, today, of_source).table)
    return pa.concat_tables(parts).sort_by("record_id")


def _today(loaded: data_sets.DataSet) -> date:
    # pseudopeople's records reach into 2030.
    return date(2031, 1, 1) if "pseudopeople" in loaded.name else date.today()  # noqa: DTZ011 - a day, not an instant


def trained_on(loaded: data_sets.DataSet) -> linkage.MatchModel:
    """The model that training makes of a data set, the default being the start."""
    with open_scratch() as con:
        return train(
            con, cleaned_records(con, loaded.records, _today(loaded)), linkage.default_model(), "trained"
        ).model


def measure(loaded: data_sets.DataSet, model: linkage.MatchModel, *, who: str = "ours", plain: bool) -> None:
    """Prints the lines of one data set."""
    with open_scratch() as con:
        cleaned = cleaned_records(con, loaded.records, _today(loaded))
        matched = linkage.without_shared_values(cleaned, linkage.shared_values(con, cleaned))
        frequencies = linkage.term_frequencies(con, matched, model)
        linkage.predict(con, model, frequencies, matched.slice(0, 100), matched.slice(0, 0))  # Warm.
        families = linkage.has_families(frequencies)
        started = time.perf_counter()
        scored = linkage.predict(con, model, frequencies, matched, matched.slice(0, 0))
        ours = settled(con, matched, scored, model, families=families)
        seconds = time.perf_counter() - started
    _line(loaded, f"{who}, {'families' if families else 'no families'}", ours.person, ours.cases, seconds)
    if plain:
        for name, records in (("plain Splink, cleaned", cleaned), ("plain Splink, raw", loaded.records)):
            started = time.perf_counter()
            with open_scratch() as con:
                persons = plain_splink(con, records)
            _line(loaded, name, persons, None, time.perf_counter() - started)
    for title, found in (
        ("missed pairs", kinds.missed(ours, scored, loaded.truth, model.auto_threshold)),
        ("false pairs", kinds.false(ours, cleaned, loaded.truth)),
    ):
        print(f"    {title}: " + ("; ".join(f"{count} {kind}" for kind, count in found.most_common()) or "none"))


def _line(loaded: data_sets.DataSet, who: str, persons: np.ndarray, cases: int | None, seconds: float) -> None:
    found, count = agreement(persons.tolist(), loaded.truth), len(loaded.truth)
    review = "" if cases is None else f"{1000 * cases / count:.1f}"
    print(
        f"{loaded.name:<28}{count:>9}  {who:<32}{found.f1:>7.4f}{found.precision:>11.5f}{found.recall:>9.4f}"
        f"{found.overlaid:>10}{1000 * found.overlaid / count:>8.2f}{review:>10}{seconds:>9.1f}",
        flush=True,
    )


def main() -> None:
    shared, people = (os.environ.get(name) for name in ("EMPI_BENCHMARK_DATA", "EMPI_BENCHMARK_PSEUDOPEOPLE"))
    sets = data_sets.available(Path(shared) if shared else None, Path(people) if people else None)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", choices=[*sets, []], metavar="SET", help=", ".join(sets))
    parser.add_argument("--scale", action="append", default=[], metavar="RECORDS", help="such as 410k or 1M")
    parser.add_argument("--no-plain", action="store_true", help="leave plain Splink out")
    parser.add_argument("--train-on", metavar="SET", help="a set, a size such as 100k (seed 5), or self")
    chosen = parser.parse_args()
    loaders = [sets[name] for name in chosen.sets or ([] if chosen.scale else sets)]
    loaders += [partial(data_sets.households, data_sets.scale(size), 1) for size in chosen.scale]
    trained = None
    if chosen.train_on and chosen.train_on != "self":
        teacher = sets.get(chosen.train_on)
        trained = trained_on(teacher() if teacher else data_sets.households(data_sets.scale(chosen.train_on), 5))
    print(_HEADER)
    for load in loaders:
        loaded = load()
        measure(loaded, linkage.default_model(), plain=not chosen.no_plain)
        if chosen.train_on:
            measure(loaded, trained or trained_on(loaded), who=f"trained on {chosen.train_on}", plain=False)
    print("F1, precision, recall: pairs of records after clustering. overlaid: persons that hold two humans; per 1k")
    print("records. cases/1k: open review cases per 1,000 records. seconds: scoring and clustering, or training too.")


if __name__ == "__main__":
    main()
