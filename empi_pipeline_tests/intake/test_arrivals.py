"""What is new in the inbox: listing minus ledger."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from empi_pipeline.intake.arrivals import ArrivalIdentity, BatchLimits, ListedObject, plan

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LIMITS = BatchLimits()


def listed(key: str, *, seconds: int = 0, version: str = '"e1"', size: int = 10) -> ListedObject:
    return ListedObject("bucket", key, version, version, size, NOON + timedelta(seconds=seconds))


def keys(objects: tuple[ListedObject, ...]) -> list[str]:
    return [each.key for each in objects]


def test_an_empty_inbox_is_no_work() -> None:
    assert plan([], set(), LIMITS).arrivals == ()


def test_objects_of_one_second_are_all_taken_in_the_order_of_their_keys() -> None:
    objects = [listed(f"inbox/{at:03}.csv") for at in range(600)]
    assert plan(reversed(objects), set(), LIMITS).arrivals == tuple(objects)


def test_an_upload_that_began_before_the_last_one_seen_is_still_new() -> None:
    seen, late = listed("inbox/b.csv", seconds=100), listed("inbox/a.csv", seconds=-7_200)
    assert plan([seen, late], {seen.identity}, LIMITS).arrivals == (late,)


def test_an_overwritten_key_is_a_new_arrival_and_the_same_bytes_again_are_not() -> None:
    before, after = listed("inbox/a.csv"), listed("inbox/a.csv", seconds=5, version='"e2"')
    same_bytes = listed("inbox/a.csv", seconds=9)
    assert plan([after], {before.identity}, LIMITS).arrivals == (after,)
    assert plan([same_bytes], {before.identity}, LIMITS).arrivals == ()


def test_versions_of_one_key_come_in_the_order_they_were_written() -> None:
    first, second = listed("inbox/a.csv", version="v2"), listed("inbox/a.csv", version="v1", seconds=1)
    assert plan([second, first], set(), LIMITS).arrivals == (first, second)


def test_the_same_key_in_another_bucket_is_another_arrival() -> None:
    here = listed("inbox/a.csv")
    there = ListedObject("other", here.key, here.version, here.etag, 1, NOON)
    assert plan([there], {here.identity}, LIMITS).arrivals == (there,)


def test_what_is_no_delivery_is_ignored_and_counted() -> None:
    objects = [
        listed("inbox/", size=0),
        listed("inbox/site/", size=0),
        listed("inbox/_SUCCESS", size=0),
        listed("inbox/a.csv.tmp"),
        listed("inbox/readme.pdf"),
        listed("inbox/empty.csv", size=0),
        listed("inbox/ä b'\"%.csv"),
        listed("inbox/" + "x" * 1_014 + ".csv"),
    ]
    result = plan(objects, set(), LIMITS)
    assert keys(result.arrivals) == ["inbox/empty.csv", "inbox/" + "x" * 1_014 + ".csv", "inbox/ä b'\"%.csv"]
    assert result.ignored_by_kind == {"folder_marker": 2, "other_suffix": 3}
    assert result.ignored == 5


def test_an_object_listed_on_two_pages_is_one_arrival() -> None:
    assert len(plan([listed("inbox/a.csv"), listed("inbox/a.csv")], set(), LIMITS).arrivals) == 1


def test_a_batch_ends_before_the_object_that_makes_it_too_big() -> None:
    objects = [listed(f"inbox/{at}.csv", size=size) for at, size in enumerate([4, 4, 4, 1])]
    result = plan(objects, set(), BatchLimits(size_bytes=10))
    assert (keys(result.arrivals), result.left, result.left_bytes) == (["inbox/0.csv", "inbox/1.csv"], 2, 5)


def test_an_object_bigger_than_a_batch_is_a_batch_of_its_own() -> None:
    objects = [listed("inbox/a.csv", size=99), listed("inbox/b.csv", size=1)]
    assert keys(plan(objects, set(), BatchLimits(size_bytes=10)).arrivals) == ["inbox/a.csv"]


def test_ten_thousand_and_one_objects_are_two_batches() -> None:
    objects = [listed(f"inbox/{at:05}.csv") for at in range(10_001)]
    first = plan(objects, set(), LIMITS)
    assert (len(first.arrivals), first.left) == (10_000, 1)
    assert plan(objects, {each.identity for each in first.arrivals}, LIMITS).arrivals == (objects[10_000],)


OBJECTS = st.lists(
    st.builds(
        listed,
        st.sampled_from(
            ["inbox/", "inbox/a.csv", "inbox/b.parquet", "inbox/c.jsonl.gz", "inbox/d.tmp", "inbox/e/f.csv"]
        ),
        seconds=st.integers(-2, 2),
        version=st.sampled_from(['"e1"', '"e2"', "v1", "v2"]),
        size=st.integers(0, 20),
    ),
    unique_by=lambda each: each.identity,
)


@settings(max_examples=200, deadline=None)
@given(history=st.lists(OBJECTS, max_size=4), objects=st.integers(1, 4), size_bytes=st.integers(1, 40), data=st.data())
def test_whatever_is_listed_is_taken_in_exactly_once_in_any_order_of_listing(
    history: list[list[ListedObject]], objects: int, size_bytes: int, data: st.DataObject
) -> None:
    known: set[ArrivalIdentity] = set()
    taken: list[ListedObject] = []
    for listing in history:
        limits = BatchLimits(objects, size_bytes)
        while True:
            chosen = plan(data.draw(st.permutations(listing)), known, limits)
            assert chosen == plan(listing, known, limits), "the order of the listing has no say"
            if not chosen.arrivals:
                assert chosen.left == 0
                break
            assert len(chosen.arrivals) <= objects
            assert len(chosen.arrivals) == 1 or sum(each.size_bytes for each in chosen.arrivals) <= size_bytes
            taken += chosen.arrivals
            known |= {each.identity for each in chosen.arrivals}
    identities = [each.identity for each in taken]
    deliveries = {each.identity for listing in history for each in listing if each.key not in ("inbox/", "inbox/d.tmp")}
    assert len(identities) == len(set(identities))
    assert set(identities) == deliveries
