"""What stewards type, as the identity room takes it."""

from datetime import UTC, datetime, timedelta

import pytest

from empi_pipeline.cli.grouping import looked_at, record_ids, record_pair, updates_of
from empi_pipeline.cli.moments import moment
from empi_pipeline.errors import ConfigurationError
from empi_pipeline.identity.queries import Person, Record


def _persons(**records_of: list[int]) -> list[Person]:
    then = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Person(name, 3, len(ids), then, name, (), tuple(Record(each, name, 1, "batch", {}) for each in ids))
        for name, ids in records_of.items()
    ]


@pytest.mark.parametrize(
    ("persons", "groups", "expected"),
    [
        # Two persons become one: the id with more records stays, the other is emptied.
        ({"a": [1], "b": [2, 3]}, [[1, 2, 3]], {"b": [1, 2, 3], "a": []}),
        # One person comes apart: the larger part keeps the id, however the groups are ordered.
        ({"a": [1, 2, 3]}, [[3], [1, 2]], {"a": [1, 2], None: [3]}),
        # A record changes hands: both keep their ids.
        ({"a": [1, 2], "b": [3, 4]}, [[1, 2, 3], [4]], {"a": [1, 2, 3], "b": [4]}),
        # Who nobody takes from is left out.
        ({"a": [1], "b": [2], "c": [3]}, [[1, 2]], {"a": [1, 2], "b": []}),
        # Of equals the id that comes first, and the group that was named first.
        ({"b": [1, 2], "a": [3, 4]}, [[1, 3], [2, 4]], {"a": [1, 3], "b": [2, 4]}),
        # Whose records all go elsewhere is emptied, though it overlaps with a group.
        ({"a": [1, 2, 3], "b": [4]}, [[1, 2, 4], [3]], {"a": [1, 2, 4], "b": [], None: [3]}),
    ],
)
def test_an_id_stays_where_most_of_its_records_are(
    persons: dict[str, list[int]], groups: list[list[int]], expected: dict[str | None, list[int]]
) -> None:
    updates = updates_of(_persons(**persons), [frozenset(group) for group in groups])
    assert {update.person_id: sorted(update.record_ids) for update in updates} == expected
    assert all((update.version == 3) == (update.person_id is not None) for update in updates)


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ([[1, 2], [2, 3]], "one --group only"),
        ([[1, 9]], r"record\(s\) 9 belong to no"),
        ([[1]], r"record\(s\) 2 belong"),
    ],
)
def test_groups_that_leave_doubt_are_refused(groups: list[list[int]], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        updates_of(_persons(a=[1, 2], b=[3]), [frozenset(group) for group in groups])


def test_what_is_typed_is_read_or_refused_with_its_form() -> None:
    assert record_ids("--group", "11, 12") == {11, 12}
    assert record_pair("12-11") == (12, 11)
    assert looked_at("p_0f@7") == ("p_0f", 7)
    for wrong in ("", "1,", "1,x", "1,1", "-1", "1.5"):
        with pytest.raises(ConfigurationError, match="--off"):
            record_ids("--off", wrong)
    for wrong in ("1", "1-", "1-1", "a-b", "1-2-3"):
        with pytest.raises(ConfigurationError, match="such as 11-12"):
            record_pair(wrong)
    for wrong in ("p_0f", "p_0f@", "@1", "p_0f@x"):
        with pytest.raises(ConfigurationError, match="PERSON@VERSION"):
            looked_at(wrong)


def test_moments_are_dates_times_and_ages() -> None:
    assert moment("--when", "2026-11-20T10:00:00+00:00") == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert moment("--when", "2026-11-20") == datetime(2026, 11, 20).astimezone()
    for text, age in (("90m", timedelta(minutes=90)), ("12h", timedelta(hours=12)), ("7d", timedelta(days=7))):
        assert abs(datetime.now(UTC) - moment("--when", text) - age) < timedelta(seconds=5)
    for wrong in ("", "yesterday", "2026-13-01", "999999d", "7w"):
        with pytest.raises(ConfigurationError, match="--when"):
            moment("--when", wrong)
