"""Stages for street addresses after USPS Publication 28: unit apart; boxes, suffixes and directionals standardised."""

from typing import Final

from empi_pipeline.cleaning.stages import Group, Lookup, Stage
from empi_pipeline.cleaning.text import MARK, MISSING_WORDS, NEEDS_SQUEEZE, any_of, folded, rewritten, squeezed
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

_ORDINALS: Final = "|".join(streets.ORDINALS)
_NUMBERED_STREETS: Final = "ave|st|blvd|dr|ln|pl|rd|ct|ter|way|pkwy|cir"

_COUNT: Final = "len(words)"
_LAST: Final = "words[-1]"
_NAME_MUST_REMAIN: Final = "case when regexp_matches(words[1], '^[0-9]') then 3 else 2 end"
"""Position from which a word may be a suffix or a directional: a house number alone is no street name."""

ADDRESS: Final = Group(
    name="address",
    keys=("address",),
    start={"address": "address", "address_unit": "null::varchar", "words": "null::varchar[]"},
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
            "street_suffix",
            "`Street`, `Str` and `St` are one word (appendix C1), as the last word or before a directional, never "
            "as the name itself.",
            {
                "words": "case when final is not null then list_concat(words[:-2], [final]) "
                "when before is not null then list_concat(words[:-3], [before], words[-1:]) else words end",
                "address": "case when final is not null then array_to_string(list_concat(words[:-2], [final]), ' ') "
                "when before is not null then array_to_string(list_concat(words[:-3], [before], words[-1:]), ' ') "
                "else address end",
            },
            lookups=(
                Lookup("final", "street", f"case when {_COUNT} >= {_NAME_MUST_REMAIN} then {_LAST} end"),
                Lookup("compass", "directional", _LAST),
                Lookup(
                    "before",
                    "street",
                    f"case when compass.word is not null and {_COUNT} > {_NAME_MUST_REMAIN} then words[-2] end",
                ),
            ),
        ),
        Stage(
            "directional_after",
            "`Main St North` and `Main St N` are one street.",
            {
                "words": "list_concat(words[:-2], [compass])",
                "address": "array_to_string(list_concat(words[:-2], [compass]), ' ')",
            },
            when="compass is not null",
            lookups=(
                Lookup("suffix", "street", "words[-2]"),
                Lookup(
                    "compass",
                    "directional",
                    f"case when {_COUNT} > {_NAME_MUST_REMAIN} or ({_COUNT} = {_NAME_MUST_REMAIN} and suffix.word "
                    f"is null) then {_LAST} end",
                ),
            ),
        ),
        Stage(
            "directional_before",
            "`12 North Main St` and `12 N Main St` are one street; in `12 North St` it is the name.",
            {"address": "array_to_string(list_concat(words[:1], [compass], words[3:]), ' ')"},
            when="compass is not null",
            lookups=(
                Lookup("suffix", "street", "words[-1]"),
                Lookup(
                    "compass",
                    "directional",
                    "case when regexp_matches(words[1], '^[0-9]') and len(words) >= case when suffix.word is null "
                    "then 3 else 4 end then words[2] end",
                ),
            ),
        ),
        Stage(
            "ordinal",
            "`Fifth Ave` and `5th Ave` are one street.",
            {
                "address": rf"regexp_replace(address, ' (?:{_ORDINALS}) ({_NUMBERED_STREETS})\b', "
                r"' ' || number || ' \1')"
            },
            when="number is not null",
            lookups=(
                Lookup("number", "ordinal", rf"regexp_extract(address, ' ({_ORDINALS}) (?:{_NUMBERED_STREETS})\b', 1)"),
            ),
        ),
        Stage(
            "saint",
            "`Saint James St` and `St James St` are one street.",
            {"address": r"regexp_replace(address, '\bsaint ', 'st ')"},
            when="contains(address, 'saint ')",
        ),
    ),
)
