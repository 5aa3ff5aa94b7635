"""How a comparison level is written, and the conditions that several levels share."""

from typing import NamedTuple


class Level(NamedTuple):
    """One level of a comparison; `tf` names a column whose term frequency adjusts the weight.

    `given` marks m and u that hold given what other comparisons found; training, which sees each alone, keeps them.
    """

    label: str
    condition: str
    m: float | None = None
    u: float | None = None
    tf: str | None = None
    tf_weight: float = 1.0
    tf_alone: bool = False
    given: bool = False


def missing(column: str) -> Level:
    """The level of pairs of which one side says nothing."""
    return Level("missing", f"{column}_l is null or {column}_r is null")


def letters_off(column: str, letters: int, shortest: int) -> str:
    """Slips of the keyboard in a word of at least so many letters; short words differ by one letter too easily."""
    left, right = f"{column}_l", f"{column}_r"
    # Jaro-Winkler is 20 times cheaper than an edit distance, and never below 0.7 where these distances hold.
    return (
        f"jaro_winkler_similarity({left}, {right}) >= 0.7 and least(length({left}), length({right})) >= {shortest}"
        f" and damerau_levenshtein({left}, {right}) <= {letters}"
    )


def digit_off(column: str, kept: int) -> str:
    """One digit wrong, missing, extra or swapped with its neighbour: the first or the last `kept` digits stay right."""
    left, right = f"{column}_l", f"{column}_r"
    return (
        f"(left({left}, {kept}) = left({right}, {kept}) or right({left}, {kept}) = right({right}, {kept}))"
        f" and damerau_levenshtein({left}, {right}) <= 1"
    )
