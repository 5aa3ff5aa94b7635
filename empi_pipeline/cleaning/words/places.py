"""Names of states, territories and provinces, and which ZIP codes begin with a zero."""

from typing import Final

STATE_NAMES: Final = {
    "alabama": "al", "alaska": "ak", "arizona": "az", "arkansas": "ar", "california": "ca", "colorado": "co",
    "connecticut": "ct",
    "delaware": "de", "district of columbia": "dc", "washington dc": "dc", "florida": "fl", "georgia": "ga",
    "hawaii": "hi", "idaho": "id",
    "illinois": "il", "indiana": "in", "iowa": "ia", "kansas": "ks", "kentucky": "ky", "louisiana": "la", "maine": "me",
    "maryland": "md",
    "massachusetts": "ma", "michigan": "mi", "minnesota": "mn", "mississippi": "ms", "missouri": "mo", "montana": "mt",
    "nebraska": "ne",
    "nevada": "nv", "new hampshire": "nh", "new jersey": "nj", "new mexico": "nm", "new york": "ny",
    "north carolina": "nc",
    "north dakota": "nd", "ohio": "oh", "oklahoma": "ok", "oregon": "or", "pennsylvania": "pa", "rhode island": "ri",
    "south carolina": "sc", "south dakota": "sd", "tennessee": "tn", "texas": "tx", "utah": "ut", "vermont": "vt",
    "virginia": "va",
    "washington": "wa", "west virginia": "wv", "wisconsin": "wi", "wyoming": "wy",
    "american samoa": "as", "guam": "gu", "northern mariana islands": "mp", "puerto rico": "pr", "virgin islands": "vi",
    "us virgin islands": "vi", "armed forces americas": "aa", "armed forces europe": "ae", "armed forces pacific": "ap",
    # Traditional abbreviations (GPO style), full stops already gone.
    "ala": "al", "ariz": "az", "ark": "ar", "calif": "ca", "cal": "ca", "colo": "co", "conn": "ct", "del": "de",
    "fla": "fl", "ill": "il",
    "ind": "in", "kan": "ks", "kans": "ks", "mass": "ma", "mich": "mi", "minn": "mn", "miss": "ms", "mont": "mt",
    "neb": "ne",
    "nebr": "ne", "nev": "nv",
    "okla": "ok", "ore": "or",
    "penn": "pa", "penna": "pa", "tenn": "tn", "tex": "tx", "wash": "wa",
    "w va": "wv", "wis": "wi",
    "wisc": "wi", "wyo": "wy",
    # Neighbours and the benchmark's country, whose own codes are kept.
    "new south wales": "nsw", "queensland": "qld", "victoria": "vic", "tasmania": "tas", "south australia": "sa",
    "western australia": "wa", "northern territory": "nt", "australian capital territory": "act",
    "alberta": "ab", "british columbia": "bc", "manitoba": "mb", "new brunswick": "nb",
    "newfoundland and labrador": "nl",
    "nova scotia": "ns", "ontario": "on", "prince edward island": "pe", "quebec": "qc", "saskatchewan": "sk",
}  # fmt: skip

ZERO_ZIP_PREFIXES: Final = {
    f"{state} {prefix}": prefix
    for state, first, last in (
        ("ct", 60, 69), ("ma", 10, 27), ("ma", 55, 55), ("me", 39, 49), ("nh", 30, 38), ("nj", 70, 89), ("ny", 5, 5),
        ("ny", 63, 63), ("pr", 6, 7), ("pr", 9, 9), ("ri", 28, 29), ("vi", 8, 8), ("vt", 50, 54), ("vt", 56, 59),
        ("ae", 90, 99),
    )
    for prefix in (f"{number:03d}" for number in range(first, last + 1))
}  # fmt: skip
"""State and first three digits of the ZIP codes that begin with 0 (USPS Labeling List L002), e.g. "ma 021"."""
