"""What goes wrong when names and numbers are written down."""

import numpy as np
import pyarrow as pa
import pytest

from empi_pipeline.synthetic import text
from empi_pipeline.synthetic.dice import Dice
from empi_pipeline.synthetic.sources import SOURCES
from empi_pipeline.synthetic.spelling import days_of, laid_out_ssn, year_month_day
from empi_pipeline.synthetic.typos import mistyped, mistyped_digits

MANY = np.arange(3_000)


def written(word: str) -> set[str]:
    """Whatever becomes of a word."""
    return set(mistyped(Dice(1), "field", MANY, pa.array([word] * len(MANY))).to_pylist())


@pytest.mark.parametrize(
    ("word", "found"),
    [
        # Deleted, doubled, neighbouring key, two letters transposed, misread, misheard.
        ("philip", {"phlip", "phillip", "phulip", "pihlip", "phi1ip", "filip"}),
        ("smith", {"smih", "smmith", "smitj", "simth", "smlth", "smyth"}),
        ("o'brien", {"obrien", "o'brein", "o'brian"}),
    ],
)
def test_each_kind_of_error_is_met(word: str, found: set[str]) -> None:
    assert found - written(word) == set()


@pytest.mark.parametrize("word", ["catherine", "li", "x", "de la cruz", "12 main st"])
def test_an_error_leaves_something_to_read(word: str) -> None:
    for each in written(word):
        assert each == each.strip() != ""
        assert each.isascii()
        assert abs(len(each) - len(word)) <= 2


def test_what_is_empty_foreign_or_too_long_stays_as_it_is() -> None:
    texts = pa.array(["", "müller-lüdenscheidt", "n" * 70])
    assert mistyped(Dice(1), "field", np.arange(3), texts).to_pylist() == texts.to_pylist()


def test_a_number_gets_one_wrong_digit_or_two_transposed() -> None:
    right = text.digits(np.full(3_000, 123_456_789), 9)
    wrong = mistyped_digits(Dice(1), "field", MANY, right)
    differing = (wrong != right).sum(axis=1)
    assert set(differing.tolist()) == {1, 2}
    transposed = wrong[differing == 2]
    assert (np.sort(transposed, axis=1) == np.sort(right[:1], axis=1)).all()
    assert right.tobytes() == text.digits(np.full(3_000, 123_456_789), 9).tobytes()


def test_numbers_are_laid_out_as_each_source_does() -> None:
    digits = text.digits(np.array([12_003_456]), 9)
    assert {name: laid_out_ssn(source, digits).to_pylist() for name, source in SOURCES.items()} == {
        "hospital": ["012-00-3456"],
        "clinic": ["012-00-3456"],
        "payer": ["012003456"],
        "lab": ["XXX-XX-3456"],
        "pharmacy": ["012003456"],
        "registry": ["012 00 3456"],
    }


def test_dates_come_apart_and_together_and_stay_in_the_calendar() -> None:
    days = np.array([-25_567, 0, 11_016, 20_089])
    assert [part.tolist() for part in year_month_day(days)] == [[1900, 1970, 2000, 2025], [1, 1, 2, 1], [1, 1, 29, 1]]
    assert days_of(*year_month_day(days)).tolist() == days.tolist()
    leap, thirtieth = np.array([2001]), np.array([30])
    assert [part.item() for part in year_month_day(days_of(leap, np.array([2]), thirtieth))] == [2001, 2, 28]
