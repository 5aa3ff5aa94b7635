"""`python -m benchmarks.linkage_quality [SET ...] [--scale 1M]` prints, per data set, how good the default model is.

`--scale` adds a synthetic population of so many records (100k, 410k, 1M).

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
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.linkage_quality import data_sets
from benchmarks.linkage_quality.clustering import components, guarded_clusters
from empi_pipeline import linkage
from empi_pipeline.cleaning import clean, infer_date_formats
from empi_pipeline.evaluation.agreement import agreement
from empi_pipeline.scratch import open_scratch

_HEADER = (
    f"{'data set':<28}{'records':>8}{'families':>9}{'seconds':>8}{'pairs P':>9}{'plain P':>9}{'plain F1':>9}"
    f"{'P':>9}{'R':>9}{'F1':>9}{'overlaid':>9}{'review/1k':>10}"
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


def measure(loaded: data_sets.DataSet, model: linkage.MatchModel) -> str:
    """One line of the table."""
    # pseudopeople's records reach into 2030.
    today = date(2031, 1, 1) if "pseudopeople" in loaded.name else date.today()  # noqa: DTZ011 - a day, not an instant
    with open_scratch() as con:
        cleaned = cleaned_records(con, loaded.records, today)
        frequencies = linkage.term_frequencies(con, cleaned, model)
        linkage.predict(con, model, frequencies, cleaned.slice(0, 100), cleaned.slice(0, 0))  # Warm.
        started = time.perf_counter()
        scored = linkage.predict(con, model, frequencies, cleaned, cleaned.slice(0, 0))
        seconds = time.perf_counter() - started
        families = linkage.has_families(frequencies)
        auto = scored.filter(pc.greater(scored["match_probability"], model.auto_threshold))
        plain = agreement(components(cleaned["record_id"].to_numpy(), auto).tolist(), loaded.truth)
        labels = guarded_clusters(con, cleaned, auto, families=families)
    guarded = agreement(labels.tolist(), loaded.truth)
    left, right = (scored[column].to_numpy() - 1 for column in ("record_id_l", "record_id_r"))
    humans = pa.array(loaded.truth)
    auto_left, auto_right = (auto[column].to_numpy() - 1 for column in ("record_id_l", "record_id_r"))
    same = pc.equal(humans.take(pa.array(auto_left)), humans.take(pa.array(auto_right)))
    pair_precision = pc.mean(same.cast(pa.float64())).as_py() if auto.num_rows else 1.0
    review = 1000 * int((labels[left] != labels[right]).sum()) / len(labels)
    return (
        f"{loaded.name:<28}{len(labels):>8}{'yes' if families else 'no':>9}{seconds:>8.1f}{pair_precision:>9.4f}"
        f"{plain.precision:>9.4f}{plain.f1:>9.4f}{guarded.precision:>9.4f}{guarded.recall:>9.4f}{guarded.f1:>9.4f}"
        f"{guarded.overlaid:>9}{review:>10.1f}"
    )


def main() -> None:
    shared, people = (os.environ.get(name) for name in ("EMPI_BENCHMARK_DATA", "EMPI_BENCHMARK_PSEUDOPEOPLE"))
    sets = data_sets.available(Path(shared) if shared else None, Path(people) if people else None)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", choices=[*sets, []], metavar="SET", help=", ".join(sets))
    parser.add_argument("--scale", action="append", default=[], metavar="RECORDS", help="such as 410k or 1M")
    chosen = parser.parse_args()
    loaders = [sets[name] for name in chosen.sets or ([] if chosen.scale else sets)]
    loaders += [partial(data_sets.households, data_sets.scale(size), 1) for size in chosen.scale]
    print(_HEADER)
    for load in loaders:
        print(measure(load(), linkage.default_model()), flush=True)
    print("pairs P: precision of auto-matched pairs; plain: connected components; P, R, F1: pairwise, joins that")
    print("conflict refused; overlaid: clusters with two humans; review/1k: stored pairs left apart per 1,000 records.")


if __name__ == "__main__":
    main()
