"""Plain Splink as in its documentation's tutorial on persons, the yardstick: trained on each set, then components."""

import duckdb
import numpy as np
import pyarrow as pa
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from benchmarks.linkage_quality.clustering import components

MATCH_PROBABILITY = 0.95
"""The threshold at which the tutorial clusters."""

_EMPTY_ENOUGH = 0.98
"""A column emptier than this cannot be trained."""


def plain_splink(con: duckdb.DuckDBPyConnection, records: pa.Table) -> np.ndarray:
    """The person (number) of each record.

    Settings: name comparisons, date of birth with thresholds, the rest exact or by edit distance, term frequencies on
    places; u from a million random pairs, m by expectation maximisation under two rules.

    Args:
        con: A DuckDB connection (scratch).
        records: `record_id` counting from 1, and person columns, as delivered or cleaned.
    """
    filled = {name for name in records.column_names if records[name].null_count < _EMPTY_ENOUGH * records.num_rows}
    con.register("plain_delivered", records)
    casts = ", ".join(f'nullif(cast("{name}" as varchar), \'\') as "{name}"' for name in sorted(filled - {"record_id"}))
    con.execute(f"create or replace table plain_records as select record_id, {casts} from plain_delivered")
    comparisons = {
        "first_name": cl.NameComparison("first_name"),
        "last_name": cl.NameComparison("last_name"),
        "birth_date": cl.DateOfBirthComparison("birth_date", input_is_string=True),
        "social_security_number": cl.LevenshteinAtThresholds("social_security_number", [1, 2]),
        "address": cl.JaroWinklerAtThresholds("address", [0.9, 0.7]),
        "zip_code": cl.ExactMatch("zip_code").configure(term_frequency_adjustments=True),
        "city": cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        "phone": cl.LevenshteinAtThresholds("phone", [1, 2]),
        "sex": cl.ExactMatch("sex"),
        "email": cl.EmailComparison("email"),
    }
    rules = [("first_name", "birth_date"), ("last_name", "birth_date"), ("first_name", "last_name")]
    rules += [("social_security_number",), ("phone", "last_name"), ("address", "first_name"), ("zip_code", "last_name")]
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_id",
        comparisons=[comparison for name, comparison in comparisons.items() if name in filled],
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in rules if filled >= set(rule)],
    )
    api = DuckDBAPI(connection=con)
    linker = Linker(api.register("plain_records"), settings, log_level="ERROR")
    sure = [block_on("first_name", "last_name", "birth_date")]
    if "social_security_number" in filled:
        sure.append(block_on("social_security_number"))
    linker.training.estimate_probability_two_random_records_match(sure, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in (block_on("first_name", "last_name"), block_on("birth_date")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    scored = linker.inference.predict(threshold_match_probability=MATCH_PROBABILITY)
    pairs = con.sql(f"select record_id_l, record_id_r from {scored.physical_name}").to_arrow_table()
    con.execute("drop table plain_records")
    con.unregister("plain_delivered")
    return components(records["record_id"].to_numpy(), pairs)
