"""What goes wrong when people and machines write down text, by kind: a slip of the finger, of the ear, of the scanner.

Kinds after Christen & Pudjijono (2009), "Accurate synthetic generation of realistic personal information".
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.synthetic.dice import Dice, Ints

KINDS: Final = {
    "keyboard": 0.30,
    "deletion": 0.16,
    "doubled": 0.10,
    "insertion": 0.06,
    "transposition": 0.16,
    "scanner": 0.06,
    "sound": 0.16,
}
"""Kind -> share of the typing errors in text."""

_WIDTH: Final = 64

_NEIGHBOURS: Final = {
    "q": "wa", "w": "qeas", "e": "wrsd", "r": "etdf", "t": "ryfg", "y": "tugh", "u": "yihj", "i": "uojk", "o": "ipkl",
    "p": "ol", "a": "qwsz", "s": "awedxz", "d": "serfcx", "f": "drtgvc", "g": "ftyhbv", "h": "gyujnb", "j": "huikmn",
    "k": "jiolm", "l": "kop", "z": "asx", "x": "zsdc", "c": "xdfv", "v": "cfgb", "b": "vghn", "n": "bhjm", "m": "njk",
    "1": "2", "2": "13", "3": "24", "4": "35", "5": "46", "6": "57", "7": "68", "8": "79", "9": "80", "0": "9",
}  # fmt: skip
_LOOKALIKES: Final = {
    "o": "0", "0": "o8", "l": "1", "1": "l7", "i": "l", "s": "5", "5": "s6", "b": "8", "8": "b3", "z": "2", "2": "z",
    "g": "9", "q": "g", "e": "c", "c": "e", "u": "v", "v": "u", "n": "r", "h": "n", "f": "t", "m": "n", "w": "v",
    "a": "o", "d": "o", "7": "1", "3": "8", "6": "b", "9": "g", "4": "9", "t": "f", "r": "n",
}  # fmt: skip
_SOUNDS: Final = (
    ("ph", "f"), ("ck", "k"), ("ie", "ei"), ("ei", "ie"), ("ey", "y"), ("ee", "ea"), ("ea", "ee"), ("oo", "u"),
    ("ou", "ow"), ("ll", "l"), ("nn", "n"), ("tt", "t"), ("rr", "r"), ("ss", "s"), ("mm", "m"), ("sch", "sh"),
    ("kn", "n"), ("wr", "r"), ("gh", "g"), ("th", "t"), ("tz", "z"), ("x", "cks"), ("qu", "kw"), ("sen", "son"),
    ("son", "sen"), ("mann", "man"), ("stein", "stien"), ("berg", "burg"), ("mc", "mac"), ("ar", "er"), ("er", "or"),
    ("c", "k"), ("k", "c"), ("y", "i"), ("i", "y"), ("z", "s"), ("s", "z"), ("j", "g"), ("v", "w"), ("d", "t"),
    ("b", "p"), ("a", "e"), ("e", "a"), ("o", "u"),
)  # fmt: skip

_Matrix = npt.NDArray[np.uint8]


def _table(of: dict[str, str]) -> npt.NDArray[np.uint8]:
    table = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 6, axis=1)
    for key, others in of.items():
        table[ord(key)] = [ord(others[place % len(others)]) for place in range(6)]
    return table


_NEIGHBOUR_TABLE: Final = _table(_NEIGHBOURS)
_LOOKALIKE_TABLE: Final = _table(_LOOKALIKES)


def mistyped(dice: Dice, question: str, keys: Ints, texts: pa.Array) -> pa.Array:
    """Each text with one error; those that are empty, not ASCII or too long stay as they are.

    Args:
        dice: Chance.
        question: Which field.
        keys: Who is asked about, for each text.
        texts: Lower case, no missing values.
    """
    if not len(texts):
        return texts
    kind = dice.choice(f"{question}: kind of error", keys, list(KINDS.values()))
    kinds = list(KINDS)
    result = _by_sound(dice, question, keys, texts, kind == kinds.index("sound"))
    heard = pc.not_equal(result, texts).to_numpy(zero_copy_only=False)
    # What no rule of sounds fits is a slip of the finger.
    kind = np.where((kind == kinds.index("sound")) & ~heard, 0, kind)
    plain = pc.and_(pc.string_is_ascii(texts), pc.less(pc.binary_length(texts), _WIDTH - 1))
    rows = np.flatnonzero(~heard & plain.to_numpy(zero_copy_only=False))
    if len(rows):
        edited = _edited(dice, question, keys[rows], texts.take(pa.array(rows)), kind[rows])
        mask = np.zeros(len(texts), np.bool_)
        mask[rows] = True
        result = pc.replace_with_mask(result, pa.array(mask), edited)
    return result


def mistyped_digits(dice: Dice, question: str, keys: Ints, digits: _Matrix) -> _Matrix:
    """Rows of ASCII digits with one error each: two transposed (30 %), a neighbouring key, or any other digit."""
    result, rows = digits.copy(), np.arange(len(digits))
    width = digits.shape[1]
    how = dice.uniform(f"{question}: kind", keys)
    at = dice.below(f"{question}: where", keys, width)
    before = np.minimum(at, width - 2)
    other = ord("0") + (digits[rows, at] - ord("0") + 1 + dice.below(f"{question}: what", keys, 9)) % 10
    near = _NEIGHBOUR_TABLE[digits[rows, at], dice.below(f"{question}: neighbour", keys, 6)]
    swap = how < 0.3
    single = np.where(how < 0.7, near, other).astype(np.uint8)
    result[rows[~swap], at[~swap]] = single[~swap]
    result[rows[swap], before[swap]] = digits[rows[swap], before[swap] + 1]
    result[rows[swap], before[swap] + 1] = digits[rows[swap], before[swap]]
    return result


def _by_sound(dice: Dice, question: str, keys: Ints, texts: pa.Array, wanted: npt.NDArray[np.bool_]) -> pa.Array:
    """Three tries per text, each with a rule of its own."""
    result = texts
    for attempt in range(3):
        rule = dice.below(f"{question}: sound {attempt}", keys, len(_SOUNDS))
        untouched = wanted & pc.equal(result, texts).to_numpy(zero_copy_only=False)
        for number, (heard, written) in enumerate(_SOUNDS):
            rows = np.flatnonzero(untouched & (rule == number))
            if len(rows):
                changed = pc.replace_substring(texts.take(pa.array(rows)), heard, written, max_replacements=1)
                mask = np.zeros(len(texts), np.bool_)
                mask[rows] = True
                result = pc.replace_with_mask(result, pa.array(mask), changed)
    return result


def _edited(dice: Dice, question: str, keys: Ints, texts: pa.Array, kind: Ints) -> pa.Array:
    fixed = np.array(texts.to_pylist(), dtype=f"S{_WIDTH}")
    matrix = fixed.view(np.uint8).reshape(len(fixed), _WIDTH).copy()
    length = np.char.str_len(fixed)
    # Rarely the first letter (Pollock & Zamora 1984 find few errors there).
    place = dice.uniform(f"{question}: where", keys)
    first = dice.chance(f"{question}: first letter", keys, 0.08) | (length < 2)
    at = np.where(first, 0, 1 + np.floor(place * (length - 1)).astype(np.int64)).clip(0, _WIDTH - 3)
    which = dice.below(f"{question}: which", keys, 6)
    edits: dict[str, Callable[[_Matrix, Ints, Ints, Ints], _Matrix]] = {
        "keyboard": _substitute(_NEIGHBOUR_TABLE),
        "scanner": _substitute(_LOOKALIKE_TABLE),
        "deletion": _delete,
        "doubled": _double,
        "insertion": _insert,
        "transposition": _transpose,
    }
    for number, name in enumerate(KINDS):
        rows = np.flatnonzero((kind == number) & (length > 0))
        if len(rows) and name in edits:
            matrix[rows] = edits[name](matrix[rows], at[rows], which[rows], length[rows])
    changed = pa.array(matrix.reshape(-1).view(f"S{_WIDTH}"), pa.binary()).cast(pa.string())
    # An error that leaves nothing, or blanks at the end, would be another kind of error.
    trimmed = pc.utf8_trim_whitespace(changed)
    return pc.if_else(pc.equal(trimmed, ""), texts, trimmed)


def _substitute(table: npt.NDArray[np.uint8]) -> Callable[[_Matrix, Ints, Ints, Ints], _Matrix]:
    def edit(matrix: _Matrix, at: Ints, which: Ints, _: Ints) -> _Matrix:
        rows = np.arange(len(matrix))
        matrix[rows, at] = table[matrix[rows, at], which]
        return matrix

    return edit


def _delete(matrix: _Matrix, at: Ints, _: Ints, length: Ints) -> _Matrix:
    columns = np.arange(_WIDTH)
    source = np.where((columns >= at[:, None]) & (length[:, None] > 2), columns + 1, columns).clip(max=_WIDTH - 1)
    return np.take_along_axis(matrix, source, axis=1)


def _double(matrix: _Matrix, at: Ints, _: Ints, __: Ints) -> _Matrix:
    columns = np.arange(_WIDTH)
    return np.take_along_axis(matrix, np.where(columns > at[:, None], columns - 1, columns), axis=1)


def _insert(matrix: _Matrix, at: Ints, which: Ints, length: Ints) -> _Matrix:
    rows = np.arange(len(matrix))
    neighbour = _NEIGHBOUR_TABLE[matrix[rows, at], which]
    result = _double(matrix, at, which, length)
    result[rows, at + 1] = neighbour
    return result


def _transpose(matrix: _Matrix, at: Ints, _: Ints, length: Ints) -> _Matrix:
    rows = np.arange(len(matrix))
    before = np.minimum(at, length - 2).clip(0)
    left, right = matrix[rows, before].copy(), matrix[rows, before + 1].copy()
    long = length >= 2
    matrix[rows[long], before[long]], matrix[rows[long], before[long] + 1] = right[long], left[long]
    return matrix
