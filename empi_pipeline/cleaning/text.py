"""SQL expressions that several columns share: folding of Unicode, white space, words that stand for "missing"."""

# ruff: noqa: RUF001 - the ambiguous characters are what is folded.

from collections.abc import Iterable, Mapping
from typing import Final

# Letters that are no accented form of another, so that strip_accents leaves them; and full-width Latin.
_LETTERS: Final = {
    "ł": "l",
    "ø": "o",
    "đ": "d",
    "ð": "d",
    "ħ": "h",
    "ı": "i",
    "ŧ": "t",
    "’": "'",
    "‘": "'",
    "ʼ": "'",
    "ʻ": "'",
    "ʹ": "'",
    "`": "'",
    "´": "'",
    "′": "'",
    "“": '"',
    "”": '"',
    "‐": "-",
    "‑": "-",
    "‒": "-",
    "–": "-",
    "—": "-",
    "−": "-",
    "\u00a0": " ",
    "\u2007": " ",
    "\u202f": " ",
    "\u3000": " ",
    **{chr(0xFEE0 + ord(char)): char for char in "abcdefghijklmnopqrstuvwxyz0123456789"},
}
_DIGRAPHS: Final = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ĳ": "ij"}

_MARKS: Final = (
    r"\x00-\x1f!-/:-@\[-\x60{-\x{bf}\x{d7}\x{f7}\x{2000}-\x{2bff}\x{3000}-\x{3004}\x{3008}-\x{3020}\x{fff0}-\x{ffff}"
)
LETTER: Final = r"[^ 0-9" + _MARKS + "]"
"""A letter of any script; spelt out because compiling the class L takes milliseconds, and there are dozens of rules."""
MARK: Final = f"[{_MARKS}]"
"""Punctuation, symbols and control characters; not the space."""
NO_LETTER: Final = f"[0-9 {_MARKS}]"

_INVISIBLE: Final = r"[\x{ad}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}\x{feff}]"
"""Zero-width joiners, byte order marks and direction marks: never meant."""

MISSING_WORDS: Final = (
    "-", "--", "---", ".", "?", "??", "*", "0", "n/a", "#n/a", "n.a.", "na", "nan", "nat", "null", "none", "nil",
    "<na>", "<null>",
    "(null)", "unknown", "unk", "unkn", "not known", "not available", "not applicable", "not provided", "not given",
    "not reported",
    "not recorded", "not specified", "unspecified", "undefined", "missing", "blank", "refused", "declined",
    "declined to answer",
    "xx", "xxx", "xxxx", "xxxxx", "tbd",
)  # fmt: skip
"""Said of a column that holds no names. Never used for names: "Na", "Null" and "None" are surnames."""


def literal(text: str) -> str:
    """A SQL string literal of a word of ours (never of a value)."""
    return "'" + text.replace("'", "''") + "'"


def any_of(words: Iterable[str]) -> str:
    """A SQL list for `in`, e.g. `('a', 'b')`."""
    return f"({', '.join(literal(word) for word in words)})"


def folded(value: str) -> str:
    """Lower case without accents or typographic variants; other scripts stay. Pure ASCII takes the short way."""
    letters, plain = "".join(_LETTERS), "".join(_LETTERS.values())
    expression = f"translate(strip_accents(lower(strip_accents({value}))), {literal(letters)}, {literal(plain)})"
    for digraph, pair in _DIGRAPHS.items():
        expression = f"replace({expression}, '{digraph}', '{pair}')"
    expression = f"regexp_replace({expression}, '{_INVISIBLE}', '', 'g')"
    # strlen counts bytes and length characters, so they differ exactly when the text is not ASCII.
    return f"case when strlen({value}) <> length({value}) then {expression} else lower({value}) end"


def squeezed(value: str) -> str:
    """Single spaces, none at the ends, NULL when nothing is left."""
    return f"nullif(trim(regexp_replace({value}, ' +', ' ', 'g')), '')"


NEEDS_SQUEEZE: Final = "{value} = '' or contains({value}, '  ') or starts_with({value}, ' ') or ends_with({value}, ' ')"
"""Condition for `squeezed`; format with `value`."""


def rewritten(value: str, *rules: tuple[str, str]) -> str:
    """All occurrences of each pattern replaced by what stands beside it, one rule after the other."""
    for pattern, replacement in rules:
        value = f"regexp_replace({value}, '{pattern}', '{replacement}', 'g')"
    return value


def standard_of(word: str, words: Mapping[str, str]) -> str:
    """The standard form of a word from a short list, or NULL; for long lists use a `Lookup`."""
    standards: dict[str, list[str]] = {}
    for written, standard in words.items():
        standards.setdefault(standard, []).append(written)
    cases = " ".join(
        f"when {word} in {any_of(written)} then {literal(standard)}" for standard, written in standards.items()
    )
    return f"case {cases} end"
