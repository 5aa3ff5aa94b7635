"""The failures of a partition by kind, so that one knows where to look."""

from collections import Counter, defaultdict
from itertools import combinations

import numpy as np
import pyarrow as pa

from benchmarks.linkage_quality.clustering import Settled


def missed(settled: Settled, scored: pa.Table, truth: list[str], auto_threshold: float) -> Counter[str]:
    """Pairs of one human in two persons: what is known of the pair itself."""
    probability = dict(
        zip(
            zip(scored["record_id_l"].to_pylist(), scored["record_id_r"].to_pylist(), strict=True),
            scored["match_probability"].to_pylist(),
            strict=True,
        )
    )
    kinds: Counter[str] = Counter()
    for one, other in _pairs(truth, settled.person):
        known = probability.get((one + 1, other + 1))
        if known is None:
            kinds["not compared, or below the potential threshold"] += 1
        elif known > auto_threshold:
            kinds["auto-match refused by a guard"] += 1
        else:
            kinds["potential match"] += 1
        cases = [settled.cases_of.get(int(settled.person[row]), set()) for row in (one, other)]
        kinds["(of all, in one review case)"] += bool(cases[0] & cases[1])
    return kinds


def false(settled: Settled, cleaned: pa.Table, truth: list[str]) -> Counter[str]:
    """Pairs of two humans in one person: what they share."""
    columns = ("first_name", "birth_date", "social_security_number", "address")
    given, born, number, address = (cleaned[name].to_pylist() for name in columns)
    kinds: Counter[str] = Counter()
    for one, other in _pairs(settled.person.tolist(), np.array(truth, dtype=object)):
        if number[one] is not None and number[one] == number[other]:
            kinds["one social security number"] += 1
        elif None in (given[one], given[other]):
            kinds["a given name missing"] += 1
        elif None in (born[one], born[other]):
            kinds["a birth date missing"] += 1
        elif born[one] == born[other]:
            kinds["one birth date, " + ("one name" if given[one] == given[other] else "two names")] += 1
        elif given[one] == given[other]:
            same_home = address[one] is not None and address[one] == address[other]
            kinds["one name, two birth dates" + (", one home" if same_home else "")] += 1
        else:
            kinds["something else"] += 1
    return kinds


def _pairs(together: list[str] | list[int], apart: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of rows that agree in the first and differ in the second."""
    groups = defaultdict(list)
    for row, key in enumerate(together):
        groups[key].append(row)
    return [
        (one, other)
        for rows in groups.values()
        if len({apart[row] for row in rows}) > 1
        for one, other in combinations(rows, 2)
        if apart[one] != apart[other]
    ]
