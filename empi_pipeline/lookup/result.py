"""What a match of one incoming record tells."""

from dataclasses import dataclass

from empi_pipeline.errors import EmpiError
from empi_pipeline.linkage.explanation import Explanation
from empi_pipeline.linkage.pair_explanation import Verdict


class InvalidRecordError(EmpiError):
    """An incoming record cannot be matched: an unknown field, a value that is no text, or nothing to compare."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class MatchedRecord:
    """A record of the index beside the incoming one.

    Attributes:
        record_id: Its number.
        data_source: Where it is from.
        source_person_id: Under which id.
        match_weight: Bits, prior included; to the last digits those of a batch.
        match_probability: From the weight.
    """

    record_id: int
    data_source: str
    source_person_id: str
    match_weight: float
    match_probability: float


@dataclass(frozen=True, slots=True)
class PersonMatched:
    """A person who may be the one an incoming record is about.

    Attributes:
        person_id: The person.
        match_weight: That of the likeliest record.
        match_probability: That of the likeliest record.
        verdict: What that probability alone makes of it.
        conflict: Why a guard would not join the incoming record to this person, in words; None if none objects.
        explanation: Why the likeliest record has its weight.
        records: The records of the person that were compared and are above the limit, the likeliest first.
    """

    person_id: str
    match_weight: float
    match_probability: float
    verdict: Verdict
    conflict: str | None
    explanation: Explanation
    records: tuple[MatchedRecord, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """An incoming record against the index.

    Attributes:
        model_id: The model that scored.
        model_name: What it is called.
        potential_threshold: Probability from which (strictly above) a batch would ask a steward.
        auto_threshold: Probability from which (strictly above) it would join.
        compared_records: Records of the index that share a blocking key with the incoming one.
        persons: The likeliest first.
    """

    model_id: int
    model_name: str
    potential_threshold: float
    auto_threshold: float
    compared_records: int
    persons: tuple[PersonMatched, ...]
