"""A trained model beside the one it started from, on the records it was trained on: what each would join. No labels.

It does not say which of the two is right. It says how far they are apart, so that nobody activates a model unseen that
joins what the other would not.
"""

from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.linkage.model import MatchModel
from empi_pipeline.linkage.scoring import predict_all

FAR_APART: Final = 0.02
"""Share of joined pairs that only one of the two joins, from which on somebody should look. Trained on the generator's
5,000 records, a model gained 1.3 %."""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Pairs of the sample, by score alone, before guards and clustering.

    Attributes:
        joined_by_start: Above the auto threshold for the model that training started from.
        joined: Above it for the trained model.
        gained: Only for the trained model.
        lost: Only for the start.
        asked_by_start: Between the thresholds for the start.
        asked: Between them for the trained model.
    """

    joined_by_start: int
    joined: int
    gained: int
    lost: int
    asked_by_start: int
    asked: int

    def figures(self) -> dict[str, int]:
        """In words, each with its number of pairs."""
        return {
            "sampled_pairs_joined": self.joined,
            "joined_by_the_start": self.joined_by_start,
            "joined_by_this_alone": self.gained,
            "joined_by_the_start_alone": self.lost,
            "sampled_pairs_for_review": self.asked,
            "for_review_by_the_start": self.asked_by_start,
        }

    @property
    def is_far_apart(self) -> bool:
        """Whether the two join so differently that somebody should look before activating one."""
        return max(self.gained, self.lost) > FAR_APART * max(self.joined_by_start, self.joined, 1)


def side_by_side(
    con: duckdb.DuckDBPyConnection, start: MatchModel, trained: MatchModel, frequencies: pa.Table, sample: pa.Table
) -> SideBySide:
    """Score the sample with both.

    Args:
        con: A DuckDB connection (scratch), not used by anything else meanwhile.
        start: The model that training started from.
        trained: The trained model.
        frequencies: Term frequencies of the sample; both have the same columns.
        sample: Cleaned records.
    """
    before, after = (_keys_by_outcome(con, model, frequencies, sample) for model in (start, trained))
    common = len(np.intersect1d(before[0], after[0], assume_unique=True))
    return SideBySide(
        joined_by_start=len(before[0]),
        joined=len(after[0]),
        gained=len(after[0]) - common,
        lost=len(before[0]) - common,
        asked_by_start=before[1],
        asked=after[1],
    )


def _keys_by_outcome(
    con: duckdb.DuckDBPyConnection, model: MatchModel, frequencies: pa.Table, sample: pa.Table
) -> tuple[np.ndarray, int]:
    """Auto-matches as one number each, and how many pairs are left to a steward."""
    scored = predict_all(con, model, frequencies, sample)
    joined = scored.filter(pc.greater(scored["match_probability"], model.auto_threshold))
    # Numbers of the sample's records, far below 2**31.
    left, right = (joined[name].to_numpy().astype(np.int64) for name in ("record_id_l", "record_id_r"))
    return (left << np.int64(32)) | right, scored.num_rows - joined.num_rows
