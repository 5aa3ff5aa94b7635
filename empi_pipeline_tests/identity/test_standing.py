import pytest

from empi_pipeline.identity.standing import Fate, Step, fate, layers, only_automatic_since


def steps(text: str) -> list[Step[str]]:
    """`1 2 3-2 b4`: change 3 takes change 2 back; b is a batch, others are decisions, undos are undos."""
    made = []
    for word in text.split():
        change, _, undoes = word.strip("b").partition("-")
        kind = "batch" if word.startswith("b") else "undo" if undoes else "decision"
        made.append(Step(int(change), kind, int(undoes) if undoes else None, f"before {change}"))
    return made


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ("1", (1,)),
        ("1 2 3", (1, 2, 3)),
        ("1 2 3-2", (1,)),
        ("1 2 3-2 4-3", (1, 2)),
        ("1 2 3-2 4-3 5-4", (1,)),
        ("1 2 3-2 4-3 5-4 6-2", (1,)),  # Taking back what is not there uncovers what was there before it.
        ("1 2 3 4-3 5-2 6-1", ()),
        ("1 2 3-2 4", (1, 4)),
        ("1 4-3", (1, 4)),  # It takes back a change that had not touched this item.
    ],
)
def test_undo_uncovers_what_was_below(changes: str, standing: tuple[int, ...]) -> None:
    assert layers(steps(changes))[-1] == standing


@pytest.mark.parametrize(
    ("changes", "change", "what", "upon"),
    [
        ("1 2", 2, Fate.STANDS, []),
        ("1 2", 1, Fate.BUILT_ON, [2]),
        ("1 2 3-2", 1, Fate.STANDS, []),
        ("1 2 3-2", 2, Fate.GONE, []),
        ("1 2 3-2 4-3", 2, Fate.STANDS, []),
        ("1 2 3-2 4-3", 4, Fate.STANDS, []),
        ("1 2 3-2 4-3 5", 2, Fate.BUILT_ON, [5]),
        ("1 2 3-2 4-3 5", 4, Fate.BUILT_ON, [5]),
        ("1 2 3 4-3 5", 2, Fate.BUILT_ON, [5]),
    ],
)
def test_a_change_stands_is_built_on_or_is_gone(changes: str, change: int, what: Fate, upon: list[int]) -> None:
    found, later = fate(steps(changes), change)
    assert (found, [step.change_id for step in later]) == (what, upon)


@pytest.mark.parametrize(
    ("changes", "change", "first"),
    [
        ("b1 b5", 3, 5),
        ("b1 b5 b6", 3, 5),
        ("b1", 3, None),
        ("b1 b5 6", 3, None),
        ("b1 b5 6 7-6", 3, 5),
        ("b5", 3, 5),
        ("b5 7-6", 3, 5),
    ],
)
def test_what_only_evidence_has_moved_since_is_told(changes: str, change: int, first: int | None) -> None:
    step = only_automatic_since(steps(changes), change)
    assert (step and step.change_id) == first
