"""Samples of pairs as work for stewards: made, asked blindly, answered, and what the answers say.

An answer is kept with who gave it and when; it never changes an identity. Where the index contradicts an answer,
`findings` says so and what a steward may do about it, by an ordinary decision; `reports` puts it into the review queue.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import numpy as np
import pyarrow as pa

from empi_pipeline.errors import ConflictError, NotFoundError
from empi_pipeline.evaluation.estimate import Answered, estimates
from empi_pipeline.evaluation.frame import BELOW_BITS, Frame
from empi_pipeline.evaluation.rates import Rate, Rates
from empi_pipeline.evaluation.sampling import Allocation, Stratum, allocate, choose, cuts, stratify
from empi_pipeline.identity.reports import Report
from empi_pipeline.postgres import Connection, copy_in
from empi_pipeline.schema import PERSON_RECORD_COLUMNS
from empi_pipeline.sql import load

Answer = Literal["same", "different", "unsure"]
ANSWERS: Final[tuple[Answer, ...]] = ("same", "different", "unsure")


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample of pairs; `pairs_unscored` pairs within persons have no score and are not covered by it."""

    sample_id: int
    made_at: datetime
    actor: str
    model_id: int
    change_id: int
    potential_bits: float
    auto_bits: float
    seed: int
    allocation: str
    pairs_unscored: int


@dataclass(frozen=True, slots=True)
class Question:
    """A pair to judge: two records as delivered (standard columns), without what the index thinks of them."""

    pair_id: int
    sample_id: int
    left_record_id: int
    right_record_id: int
    left: dict[str, str | None]
    right: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Finding:
    """An answer that the index contradicts now; `case_id` is an open case about the same persons, if there is one."""

    pair_id: int
    answer: str
    actor: str
    answered_at: datetime
    record_id_l: int
    record_id_r: int
    person_id_l: str
    version_l: int
    person_id_r: str
    version_r: int
    case_id: int | None

    @property
    def to_do(self) -> str:
        """The command that looks into it; without a case, the one that decides."""
        if self.case_id is not None:
            return f"empi review show {self.case_id}"
        if self.answer == "different":
            return f"empi person split {self.person_id_l}@{self.version_l} --off {self.record_id_r}"
        return f"empi person merge {self.person_id_l}@{self.version_l} {self.person_id_r}@{self.version_r}"


def make_sample(
    connection: Connection,
    frame: Frame,
    *,
    pairs: int,
    actor: str,
    seed: int = 1,
    allocation: Allocation = "equal",
    below_bits: float = BELOW_BITS,
) -> Sample:
    """Draw a sample and store its questions, in the caller's transaction.

    Args:
        connection: An open connection.
        frame: The pairs to draw from.
        pairs: How many to ask about.
        actor: Who wants to know.
        seed: The same seed on the same index draws the same pairs.
        allocation: How they are spread over the strata.
        below_bits: As given to `frame.read_frame`.

    Raises:
        ConflictError: There are no pairs.
    """
    begins = cuts(frame.potential_bits, frame.auto_bits, below_bits)
    place, strata = stratify(frame.weight, frame.joined, begins, frame.stands_for)
    if not strata:
        raise ConflictError("there is no scored pair to sample")
    at_hand = np.bincount(place[place >= 0], minlength=len(strata)).tolist()
    counts = allocate(strata, pairs, allocation, at_hand)
    chosen = choose(frame.left, frame.right, place, counts, seed)
    row = connection.execute(
        load("evaluation/sample_add"),
        {
            "actor": actor,
            "model_id": frame.model_id,
            "change_id": frame.change_id,
            "potential_bits": frame.potential_bits,
            "auto_bits": frame.auto_bits,
            "seed": seed,
            "allocation": allocation,
            "pairs_unscored": frame.pairs_unscored,
        },
    ).fetchone()
    assert row is not None
    constants = {"sample_id": int(row[0])}
    strata_rows = {
        "stratum_no": pa.array([each.number for each in strata], pa.int32()),
        "low_bits": pa.array([each.low for each in strata], pa.float64()),
        "high_bits": pa.array([each.high for each in strata], pa.float64()),
        "joined": [each.joined for each in strata],
        "population": [each.population for each in strata],
        "expected": [each.expected for each in strata],
    }
    copy_in(connection, "evaluation.strata", pa.table(strata_rows), constants=constants)
    pair_rows = {
        "stratum_no": pa.array(place[chosen] + 1, pa.int32()),
        "record_id_l": frame.left[chosen],
        "record_id_r": frame.right[chosen],
        "match_weight": frame.weight[chosen],
    }
    copy_in(connection, "evaluation.pairs", pa.table(pair_rows), constants=constants)
    return get_sample(connection, row[0])


def get_sample(connection: Connection, sample_id: int | None = None) -> Sample:
    """A sample; the newest when no number is given.

    Raises:
        NotFoundError: There is none.
    """
    row = connection.execute(load("evaluation/newest_sample"), {"sample_id": sample_id}).fetchone()
    if row is None:
        raise NotFoundError(
            "there is no such sample" if sample_id else "there is no sample yet: `empi evaluate sample`"
        )
    return Sample(*row)


def questions(
    connection: Connection, *, sample_id: int | None = None, pair_id: int | None = None, limit: int = 20
) -> list[Question]:
    """Pairs that wait for an answer, in the order to ask; or one pair, answered or not."""
    rows = connection.execute(
        load("evaluation/open_pairs"), {"sample_id": sample_id, "pair_id": pair_id, "limit": limit}
    ).fetchall()
    return [
        Question(pair, sample, left, right, *(dict(zip(PERSON_RECORD_COLUMNS, each, strict=True)) for each in records))
        for pair, sample, left, right, *records in rows
    ]


def answer(connection: Connection, pair_id: int, said: Answer, *, actor: str, note: str | None = None) -> int:
    """Keep an answer, in the caller's transaction; an earlier one about the pair stays and does not count any more.

    Raises:
        NotFoundError: There is no such pair.
    """
    row = connection.execute(
        load("evaluation/answer_add"), {"pair_id": pair_id, "answer": said, "actor": actor, "note": note}
    ).fetchone()
    if row is None:
        raise NotFoundError(f"no sample has a pair {pair_id}; `empi evaluate next` shows one to answer")
    return int(row[0])


def answered(connection: Connection, sample_id: int) -> list[Answered]:
    """What stewards said, stratum by stratum."""
    rows = connection.execute(load("evaluation/strata_answered"), {"sample_id": sample_id}).fetchall()
    return [Answered(Stratum(*row[:6]), *row[6:]) for row in rows]


def findings(connection: Connection) -> list[Finding]:
    """Answers that the index contradicts now, wrong joins first."""
    return [Finding(*row) for row in connection.execute(load("evaluation/findings")).fetchall()]


def reports(found: list[Finding]) -> list[Report]:
    """The findings that no open case asks about, as reports that open one; each pair once."""
    told = {(each.record_id_l, each.record_id_r): each for each in found if each.case_id is None}
    return [Report(*pair, "same" if each.answer == "same" else "different") for pair, each in told.items()]


def with_estimates(connection: Connection, rates: Rates) -> Rates:
    """The rates, and precision and recall as estimated from the newest sample, if it has answers."""
    row = connection.execute(load("evaluation/newest_sample"), {"sample_id": None}).fetchone()
    strata = answered(connection, row[0]) if row else []
    if not any(each.same + each.different for each in strata):
        return rates
    joined = estimates(strata)[0]
    estimated = [
        Rate(f"estimated_{name}", "all", "all", None, None, each.estimate, each.low, each.high)
        for name, each in (("precision", joined.precision), ("recall", joined.recall))
    ]
    return Rates(rates.change_id, (*estimated, *rates.rates))
