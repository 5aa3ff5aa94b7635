"""Plots and tables of the pages: round numbers on the axes, nothing cut off, readable in the light and in the dark."""

import re
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from empi_pipeline.evaluation.page import Section, page, table
from empi_pipeline.evaluation.plots import COLOURS, Point, line_chart, round_steps


@pytest.mark.parametrize(
    ("low", "high", "within", "expected"),
    [
        (0.0, 1.0, (0.0, 1.0), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.961, 0.9987, (0.0, 1.0), [0.96, 0.97, 0.98, 0.99, 1.0]),
        (0.02, 0.11, (0.0, 1.0), [0.02, 0.04, 0.06, 0.08, 0.1, 0.12]),
        (-9.7, 54.0, None, [-20.0, 0.0, 20.0, 40.0, 60.0]),
    ],
)
def test_axes_carry_round_numbers(
    low: float, high: float, within: tuple[float, float] | None, expected: list[float]
) -> None:
    assert round_steps(low, high, 5, within=within) == expected


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_line_of_one_value_has_an_axis_around_it(value: float) -> None:
    steps = round_steps(value, value, 5, within=(0.0, 1.0))
    assert steps[0] <= value <= steps[-1]
    assert len(steps) > 1


def test_no_label_leaves_the_plot_or_covers_another() -> None:
    days = {float(day): f"2026-11-{day:02}" for day in range(1, 31)}
    drawn = line_chart({"a": [Point(x, 0.5) for x in days]}, across="day", up="rate", ticks=days)
    at = [float(x) for x in re.findall(r'<text x="([\d.]+)" y="\d+" text-anchor="middle">2026', drawn)]
    half = 10 * 6.6 / 2
    assert 2 < len(at) < 30
    assert min(at) - half > 0
    assert max(at) + half <= 640
    assert min(later - earlier for earlier, later in pairwise(at)) >= 2 * half


def test_lines_beyond_the_colours_are_told_apart_by_dashes_and_all_are_in_the_legend() -> None:
    names = [f"source <{number}>" for number in range(len(COLOURS) + 1)]
    drawn = line_chart({name: [Point(0, 0.1), Point(1, 0.2)] for name in names}, across="x", up="y")
    assert len(re.findall(r"<polyline [^>]*stroke-dasharray", drawn)) == 1
    assert all(f">source &lt;{number}&gt;</text>" in drawn for number in range(len(names)))


def test_axes_say_what_they_show() -> None:
    drawn = line_chart({"a": [Point(0, 0.25), Point(9, 0.5)]}, across="weight, bits", up="share of pairs")
    assert {"weight, bits", "share of pairs", "25 %", "50 %"} <= set(re.findall(r">([^<>]+)</text>", drawn))


def test_a_page_needs_nothing_from_elsewhere_and_minds_small_screens_and_the_dark() -> None:
    body = table(("kind", "pairs"), [("twins & co", 1234), ("other", None)])
    drawn = page("A <page>", [Section("One", "told", body)], datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
    assert "prefers-color-scheme: dark" in drawn
    assert 'name="viewport"' in drawn
    assert '<th scope="col" class="number">pairs</th>' in drawn
    assert '<td>twins &amp; co</td><td class="number">1,234</td>' in drawn
    assert "A &lt;page&gt;" in drawn
    assert not re.search(r"<script|https?://(?!www\.w3\.org/2000/svg)", drawn)
