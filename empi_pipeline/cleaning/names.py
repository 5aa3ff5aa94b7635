"""Stages for given names, surnames, middle names and suffixes."""

from typing import Final

from empi_pipeline.cleaning.stages import Group, Lookup, Stage
from empi_pipeline.cleaning.text import LETTER, MARK, NEEDS_SQUEEZE, NO_LETTER, any_of, folded, squeezed
from empi_pipeline.cleaning.words import people, surnames

_SUFFIX_WORDS: Final = "|".join(people.SUFFIXES)
_SPOKEN_SUFFIXES: Final = "jr|junior|jnr|sr|senior|snr|ii|2nd|iii|3rd|iv|4th"
"""Suffixes told from a name or an initial wherever they stand last; "v" and "vi" are not (initial, Vietnamese name)."""
_TITLES: Final = "|".join(people.TITLES)
_RANKS: Final = "|".join(people.RANKS)
_CREDENTIALS: Final = "|".join(people.CREDENTIALS)
_TWIN: Final = (
    r"^(?:baby |infant |newborn )?(?:twin|triplet|trip|quad|multiple|boy|girl|bb|bg|babyboy|babygirl|baby)([ "
    r"#]*[1-4]|[ #]+[a-d])(?: (?:of|for) .*| [a-z]+)?$"
)
"""A letter needs a space before it: Boyd is a name."""
_NEWBORN: Final = (
    r"^(?:(?:baby|infant|newborn|nb|bb|bg)(?: ?(?:boy|girl|male|female|b|g|m|f|one|two))?(?: (?:of|for) "
    r".*)?|(?:baby|infant|newborn) ?(?:boy|girl|male|female) .*"
    r"|(?:boy|girl|bb|bg|son|daughter) (?:of|for) .*|(?:babyboy|babygirl|bboy|bgirl)(?: .*)?|twin|twins|triplet)$"
)
_HOUSEHOLD_ROLE: Final = (
    r"^(?:(?:son|daughter|child|wife|husband|mother|father|mom|dad|man|woman|lady|gentleman|head|owner|boy|girl) of"
    r"(?: (?:the|this|that))?(?: (?:house|home|household))?"
    r"|(?:adult|person|child|kid|minor|resident|occupant|unidentified|unknown|male|female|young|old|older|younger) "
    r"(?:male|female|adult|child|boy|girl|man|woman|person|kid|patient|one|two|three|four|five|[0-9]{1,2}))$"
)


def _relationship(column: str) -> Stage:
    return Stage(
        "relationship",
        "Wife, Grandson, Lady of the House, Adult Male: what somebody is to somebody, not what they are called.",
        {column: "null"},
        when=rf"{column} in {any_of(people.RELATIONSHIPS)} or regexp_matches({column}, '{_HOUSEHOLD_ROLE}')",
    )


def _shape(column: str) -> tuple[Stage, ...]:
    """Stages that bring any name into plain words separated by single spaces."""
    return (
        Stage(
            "folded",
            "Case, accents and typographic variants differ by system, not by person; other scripts are kept.",
            {column: folded(column)},
        ),
        Stage(
            "mark_of_absence",
            "`N/A`, `#N/A`, dashes and question marks say that there is no name; the names Na, Null and None stay.",
            {column: "null"},
            when=rf"regexp_matches({column}, '^\s*(#?n/a|n\\a|n\.a\.?|<na>|<null>|\(null\)|{NO_LETTER}*)\s*$')",
        ),
        Stage(
            "title",
            "Titles are not part of a name; only removed before another word, ranks only when written with a full "
            "stop.",
            {column: rf"nullif(regexp_replace({column}, '^\s*((({_TITLES})\.?\s+)|(({_RANKS})\.\s*))+', ''), '')"},
            when=rf"regexp_matches({column}, '^\s*((({_TITLES})\.?\s+)|(({_RANKS})\.\s*)){LETTER}')",
        ),
        Stage(
            "nickname_in_brackets",
            "A nickname in brackets or quotation marks is another name of the same person, not part of this one.",
            {column: rf"""regexp_replace({column}, '\s*(\([^)]*\)|"[^"]*"|\[[^\]]*\])', ' ', 'g')"""},
            when=rf"""regexp_matches({column}, '{LETTER}.*(\(.*\)|".*"|\[.*\])')""",
        ),
        Stage(
            "punctuation",
            "Apostrophes and full stops are dropped (O'Brien, J.R.); hyphens and the rest become a space, so that "
            "parts of a "
            "double name can be compared.",
            {column: rf"regexp_replace(replace(replace({column}, '''', ''), '.', ''), '{MARK}+', ' ', 'g')"},
            when=rf"regexp_matches({column}, '{MARK}')",
        ),
        Stage(
            "spaces",
            "Single spaces, none at the ends; nothing left is missing.",
            {column: squeezed(column)},
            when=NEEDS_SQUEEZE.format(value=column),
        ),
        Stage(
            "credentials",
            "Degrees after a name are not part of it; as a whole name they stay (Md is a given name).",
            {column: rf"regexp_replace({column}, '( ({_CREDENTIALS}))+$', '')"},
            when=rf"regexp_matches({column}, ' ({_CREDENTIALS})$')",
        ),
    )


def _placeholder(column: str, words: tuple[str, ...]) -> Stage:
    return Stage(
        "placeholder",
        "Unknown, Test and the like are nobody's name.",
        {column: "null"},
        when=(
            rf"{column} in {any_of(words)} or regexp_matches({column}, '^zz+(test|z*$)|^(unknown|test)[ "
            rf"0-9]+$|^{NO_LETTER}*$')"
        ),
    )


FIRST_NAME: Final = Group(
    name="first_name",
    keys=("first_name",),
    start={
        "first_name": "first_name",
        "first_middle": "null::varchar",
        "first_suffix": "null::varchar",
        "twin": "null::varchar",
    },
    outputs=("first_name", "first_middle", "first_suffix", "twin"),
    stages=(
        *_shape("first_name"),
        Stage(
            "suffix_apart",
            "A suffix typed after the given name belongs to name_suffix.",
            {
                "first_suffix": "suffix_word",
                "first_name": rf"regexp_replace(first_name, ' ({_SPOKEN_SUFFIXES})$', '')",
            },
            when=rf"regexp_matches(first_name, ' ({_SPOKEN_SUFFIXES})$')",
            lookups=(Lookup("suffix_word", "suffix", "string_split(first_name, ' ')[-1]"),),
        ),
        Stage(
            "glued_suffix",
            "`johnjr`, `jamesiii`: no given name ends so.",
            {
                "first_suffix": "coalesce(first_suffix, regexp_extract(first_name, '(jr|iii)$', 1))",
                "first_name": "regexp_replace(first_name, '(jr|iii)$', '')",
            },
            when=r"regexp_matches(first_name, '[a-z]{3}(jr|iii)$')",
        ),
        Stage(
            "birth_order",
            "Twin A and Baby Girl 2 are no names, but the letter tells twins apart: it is kept as name_suffix "
            "`twin a`.",
            {
                "twin": rf"'twin ' || translate(trim(regexp_extract(first_name, '{_TWIN}', 1)), '1234', 'abcd')",
                "first_name": "null",
            },
            when=rf"regexp_matches(first_name, '{_TWIN}')",
        ),
        Stage(
            "newborn",
            "Baby Boy, BB of Maria: a description of a newborn, shared by thousands.",
            {"first_name": "null"},
            when=rf"regexp_matches(first_name, '{_NEWBORN}') or first_name in {any_of(people.PLACEHOLDER_GIVEN_NAMES)}",
        ),
        _relationship("first_name"),
        _placeholder("first_name", people.PLACEHOLDER_NAMES),
        Stage(
            "middle_initial",
            "A single letter after the given name is a middle initial; whole second names stay (Mary Ann, Jose Luis).",
            {"first_middle": "right(first_name, 1)", "first_name": "left(first_name, length(first_name) - 2)"},
            when=f"regexp_matches(first_name, '{LETTER}{{2}} {LETTER}$')",
        ),
    ),
)

LAST_NAME: Final = Group(
    name="last_name",
    keys=("last_name",),
    start={"last_name": "last_name", "last_suffix": "null::varchar"},
    outputs=("last_name", "last_suffix"),
    stages=(
        *_shape("last_name"),
        Stage(
            "suffix_apart",
            "A suffix as a word of its own, after the surname or before it, belongs to name_suffix; alone it is a "
            "surname.",
            {
                "last_suffix": "coalesce(after, before)",
                "last_name": (
                    rf"regexp_replace(regexp_replace(last_name, '^(jr|ii|iii|iv) ', ''), '( "
                    rf"({_SPOKEN_SUFFIXES}|v))+$', '')"
                ),
            },
            when=rf"regexp_matches(last_name, '^(jr|ii|iii|iv) .| ({_SPOKEN_SUFFIXES}|v)$')",
            lookups=(
                Lookup("after", "suffix", rf"regexp_extract(last_name, ' ({_SUFFIX_WORDS})$', 1)"),
                Lookup("before", "suffix", "regexp_extract(last_name, '^(jr|ii|iii|iv) ', 1)"),
            ),
        ),
        Stage(
            "glued_suffix",
            "`riverajr`, `dunniii`: no surname ends so.",
            {
                "last_suffix": "coalesce(last_suffix, regexp_extract(last_name, '(jr|iii)$', 1))",
                "last_name": "regexp_replace(last_name, '(jr|iii)$', '')",
            },
            when=r"regexp_matches(last_name, '[a-z]{2}(jr|iii)$')",
        ),
        Stage(
            "glued_suffix_after_a_known_surname",
            "`hayesii`, `leesr`, `foxiv`: real surnames end so too (Torii, Nasr, Kostiv), so only after a common "
            "surname.",
            {
                "last_suffix": "case when known is not null "
                "then coalesce(last_suffix, right(last_name, 2)) else last_suffix end",
                "last_name": "case when known is not null "
                "then left(last_name, length(last_name) - 2) else last_name end",
            },
            when=(
                rf"regexp_matches(last_name, '(sr|ii|iv)$') and last_name not in "
                rf"{any_of(surnames.REAL_NAMES_WITH_A_SUFFIX_LIKE_ENDING)}"
            ),
            lookups=(Lookup("known", "surname", "regexp_extract(last_name, '([a-z]{2,})(sr|ii|iv)$', 1)"),),
        ),
        _placeholder("last_name", (*people.PLACEHOLDER_NAMES, *people.PLACEHOLDER_SURNAMES)),
        Stage(
            "prefix_joined",
            "`O Brien`, `Mc Donald`, `Mac Donald` and `O'Brien` are one surname.",
            {"last_name": r"regexp_replace(last_name, '^(o|mc|mac) ([a-z]{3,})', '\1\2')"},
            when=r"regexp_matches(last_name, '^(o|mc|mac) [a-z]{3}')",
        ),
    ),
)

MIDDLE_NAME: Final = Group(
    name="middle_name",
    keys=("delivered_middle",),
    start={"middle_name": "delivered_middle"},
    outputs=("middle_name",),
    stages=(
        *_shape("middle_name"),
        _relationship("middle_name"),
        _placeholder("middle_name", people.PLACEHOLDER_NAMES),
    ),
)

NAME_SUFFIX: Final = Group(
    name="name_suffix",
    keys=("delivered_suffix",),
    start={"name_suffix": "delivered_suffix"},
    outputs=("name_suffix",),
    stages=(
        Stage(
            "standard_suffix",
            "A suffix delivered apart, in its standard form; anything else there is no suffix.",
            {"name_suffix": "suffix_word"},
            lookups=(Lookup("suffix_word", "suffix", r"regexp_replace(lower(name_suffix), '[^a-z0-9]', '', 'g')"),),
        ),
    ),
)
