"""Stages for street addresses after USPS Publication 28: unit apart; boxes, suffixes and directionals standardised."""

from typing import Final

from empi_pipeline.cleaning.stages import Group, Lookup, Stage
from empi_pipeline.cleaning.text import (
    MARK,
    MISSING_WORDS,
    NEEDS_SQUEEZE,
    any_of,
    folded,
    rewritten,
    squeezed,
    standard_of,
)
from empi_pipeline.cleaning.words import streets

_SEPARATORS: Final = r"[\x00-\x1f!-\"$-,.:-@\[-\x60{-\x{bf}\x{2000}-\x{2bff}]"
"""Punctuation except `#`, `-` and `/`, which say something in an address."""

_UNIT: Final = (
    "apt|apartment|apmt|unit|unt|ste|suite|rm|room|flat|flt|lot|trlr|trailer|spc|space|dept|department|ofc|office|"
    "ph|penthouse|hngr|hangar|no|num"
)
_PLACE_WITHIN: Final = "bldg|building|fl|floor|flr|lvl|level|tower|wing"
_IDENTIFIER: Final = "(?: ?(?:# ?)?[0-9][a-z0-9-]{0,5}| (?:# ?)?[a-z](?:-?[0-9]{1,4})?)"
_FLOOR: Final = "(?:[0-9]{1,2}(?:st|nd|rd|th)|first|second|third|ground|top) (?:fl|floor|flr)"
_WITHOUT_NUMBER: Final = "rear|frnt|lowr|uppr|bsmt|basement|upstairs|downstairs|penthouse|ph"
_TAIL: Final = (
    f"(?:(?:(?:{_UNIT}|{_PLACE_WITHIN}){_IDENTIFIER}|# ?[a-z0-9-]{{1,6}}|{_FLOOR}|{_WITHOUT_NUMBER})(?: |$))+$"
)
_UNIT_HINT: Final = f"(#|\\b({_UNIT}|{_PLACE_WITHIN}|{_WITHOUT_NUMBER}))"

_NUMBERED_STREETS: Final = "ave|st|blvd|dr|ln|pl|rd|ct|ter|way|pkwy|cir"
_SHORTEST_STREET: Final = "case when regexp_matches(words[1], '^[0-9]') then 3 else 2 end"
"""Words up to a suffix or directional, that included: a house number alone is no street."""


def _compass(word: str) -> str:
    """The standard directional for a word, or NULL; a CASE, because joins cost planning time on every batch."""
    return standard_of(word, streets.DIRECTIONALS)


ADDRESS: Final = Group(
    name="address",
    keys=("address",),
    start={
        "address": "address",
        "address_unit": "null::varchar",
        "words": "null::varchar[]",
        "suffix": "null::varchar",
        "compass": "null::varchar",
    },
    outputs=("address", "address_unit"),
    mostly_unique=True,
    stages=(
        Stage("folded", "Case, accents and typographic variants say nothing.", {"address": folded("address")}),
        Stage(
            "missing_word",
            "Unknown, N/A and the like.",
            {"address": "null"},
            when=f"trim(address) in {any_of(('', *MISSING_WORDS))}",
        ),
        Stage(
            "initials",
            "`N.W.`, `P.O.`, `U.S.`: letters between full stops are one word.",
            {"address": r"regexp_replace(address, '\b([a-z])\.\s?([a-z])\.', '\1\2 ', 'g')"},
            when=r"contains(address, '.') and regexp_matches(address, '\b[a-z]\.\s?[a-z]\.')",
        ),
        Stage(
            "punctuation",
            "Apostrophes are dropped; `#` stands apart; other marks except `-` and `/` become a space.",
            {
                "address": (
                    rf"regexp_replace(regexp_replace(replace(address, '''', ''), '{_SEPARATORS}+', ' ', 'g'), ' *# "
                    rf"*', ' # ', 'g')"
                )
            },
            when=f"regexp_matches(address, '#|{_SEPARATORS}')",
        ),
        Stage(
            "spaces",
            "Single spaces, none at the ends.",
            {"address": squeezed("address")},
            when=NEEDS_SQUEEZE.format(value="address"),
        ),
        Stage(
            "placeholder",
            "Homeless, General Delivery, Same: nobody's address, or everybody's.",
            {"address": "null"},
            when=(
                rf"address in {any_of(streets.PLACEHOLDER_ADDRESSES)} or length(address) < 40 and "
                rf"regexp_matches(address, '^(x+|{MARK}*|unknown( .*)?|homeless .*)$')"
            ),
        ),
        Stage(
            "post_office_box",
            "`P O Box 12`, `POB 12`, `Post Office Box 12` and `Box 12` are one box.",
            {
                "address": rewritten(
                    "address",
                    (r"\b(p ?o|post office|postal) ?box(?: (?:#|no|num|number))? ?", "po box "),
                    (r"\bpob (?:# )?([0-9])", r"po box \1"),
                    (r"^box (?:# )?([0-9a-z])", r"po box \1"),
                )
            },
            when=r"contains(address, 'box') or contains(address, 'pob ')",
        ),
        Stage(
            "rural_route",
            "`Rural Route 2 Box 12`, `RFD 2 Box 12` are `rr 2 box 12`; highway contract routes are `hc`.",
            {
                "address": rewritten(
                    "address",
                    (r"^(rural (route|rt|rte|delivery)|rfd|rd|rr|r r) (# )?([0-9]+)( box)", r"rr \4\5"),
                    (r"^(highway contract( route)?|star route|hcr|hc) (# )?([0-9]+)( box)", r"hc \4\5"),
                )
            },
            when=r"contains(address, ' box') and regexp_matches(address, '^(r|h|star)')",
        ),
        Stage(
            "unit_apart",
            "Apartment, suite, floor and the like after the street: neighbours share the street, not the unit.",
            {
                "address_unit": rf"regexp_extract(address, '^.*?[^ #] ({_TAIL})', 1)",
                "address": rf"regexp_extract(address, '^(.*?[^ #]) {_TAIL}', 1)",
            },
            when=rf"regexp_matches(address, '{_UNIT_HINT}') and regexp_matches(address, '^.*?[^ #] {_TAIL}') "
            r"and not regexp_matches(address, '^(no|apt|unit|lot|flat) [^ ]+$')",
        ),
        Stage(
            "unit_in_front",
            "`Apt 5, 12 Main St` and `3/12 Main St`: the unit before the house number.",
            {
                "address_unit": (
                    rf"coalesce(address_unit || ' ', '') || regexp_extract(address, '^(?:(?:{_UNIT}|#) ?)?(?:# "
                    rf")?([0-9a-z-]+)', 1)"
                ),
                "address": rf"regexp_replace(address, '^((?:{_UNIT}|#) ?(?:# )?[0-9a-z-]+ |[0-9]+[a-z]?/)', '')",
            },
            when=(
                rf"regexp_matches(address, '^((?:{_UNIT}|#) ?(?:# )?([0-9][0-9a-z-]*|[a-z]) [0-9]+[a-z]? "
                rf"[a-z0-9]|[0-9]+[a-z]?/[0-9]+[a-z]? [a-z])') and not contains(address, ' box ')"
            ),
        ),
        Stage(
            "unit_standard",
            "`Apt 005`, `Unit 5` and `#5` are all `5`; building and floor keep their word.",
            {
                "address_unit": "nullif(trim("
                + rewritten(
                    "address_unit",
                    (rf"\b({_UNIT})(?: ?# ?| ?\b|([0-9]))", r"\2"),
                    ("# ?", ""),
                    (r"\bbuilding\b", "bldg"),
                    (r"\b(floor|flr)\b", "fl"),
                    (r"\b(level|lvl)\b", "lvl"),
                    (r"\b0+([0-9])", r"\1"),
                )
                + "), '')"
            },
            when="address_unit is not null",
        ),
        Stage(
            "house_number_zeros",
            "`0039 Fox Springs` and `39 Fox Springs` are one house.",
            {"address": r"regexp_replace(address, '^0+([0-9])', '\1')"},
            when="starts_with(address, '0')",
        ),
        Stage(
            "numbered_road",
            "State highways, county roads and routes in one wording.",
            {
                "address": rewritten(
                    "address",
                    (r"\b(highway|hiway|hiwy|hway) (# )?([0-9])", r"hwy \3"),
                    (r"\b(route|rt) (# )?([0-9])", r"rte \3"),
                    (r"\b(county (road|rd)|cr|co (road|rd)) (# )?([0-9])", r"county rd \5"),
                    (r"\b(state (road|rd|rte)|sr) (# )?([0-9])", r"state rd \4"),
                )
            },
            when=r"regexp_matches(address, '\b(highway|hiway|hiwy|hway|route|rt|road|rd|cr|sr|rte) (# )?[0-9]')",
        ),
        Stage(
            "words",
            "Words, for the stages that look at single ones.",
            {"words": "string_split(address, ' ')"},
            counted=False,
        ),
        Stage(
            "directional_after",
            "`Main St North` and `Main St N` are one street; in `Avenue E` it is the name.",
            {
                "address": f"array_to_string(list_append(words[:-2], {_compass('words[-1]')}), ' ')",
                "compass": _compass("words[-1]"),
                "words": "words[:-2]",
            },
            when=f"{_compass('words[-1]')} is not null and (len(words) > {_SHORTEST_STREET} or len(words) = "
            f"{_SHORTEST_STREET} and words[-2] not in ('avenue', 'ave', 'av', 'street', 'st', 'road', 'rd', 'calle'))",
        ),
        Stage(
            "street_suffix",
            "`Street`, `Str` and `St` are one word (appendix C1), as the last word or before a directional, never as "
            "the name itself.",
            {
                "address": "concat_ws(' ', array_to_string(words[:-2], ' '), abbreviation, compass)",
                "suffix": "abbreviation",
                "words": "words[:-2]",
            },
            when="abbreviation is not null",
            lookups=(
                Lookup("abbreviation", "street", f"case when len(words) >= {_SHORTEST_STREET} then words[-1] end"),
            ),
        ),
        Stage(
            "directional_before",
            "`12 North Main St` and `12 N Main St` are one street; in `12 North St` it is the name.",
            {
                "address": f"concat_ws(' ', words[1], {_compass('words[2]')}, array_to_string(words[3:], ' '), suffix, "
                "compass)"
            },
            when=f"len(words) >= 3 and {_compass('words[2]')} is not null and regexp_matches(words[1], '^[0-9]')",
        ),
        Stage(
            "ordinal",
            "`Fifth Ave` and `5th Ave` are one street.",
            {"address": rewritten("address", *((rf"\b{word}\b", number) for word, number in streets.ORDINALS.items()))},
            when=rf"regexp_matches(address, ' ({'|'.join(streets.ORDINALS)}) ({_NUMBERED_STREETS})\b')",
        ),
        Stage(
            "saint",
            "`Saint James St` and `St James St` are one street.",
            {"address": r"regexp_replace(address, '\bsaint ', 'st ')"},
            when="contains(address, 'saint ')",
        ),
    ),
)
