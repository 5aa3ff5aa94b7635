"""Words in and around names: suffixes, months, sexes, and names that nobody has."""

from typing import Final

SUFFIXES: Final = {
    "jr": "jr", "junior": "jr", "jnr": "jr", "sr": "sr", "senior": "sr", "snr": "sr",
    "ii": "ii", "2nd": "ii", "iii": "iii", "3rd": "iii", "iv": "iv", "4th": "iv", "v": "v", "5th": "v", "vi": "vi",
    "6th": "vi",
}  # fmt: skip
"""Name suffixes. "2nd" is not the same as "jr": it may be a nephew."""

TITLES: Final = (
    "mr",
    "mrs",
    "ms",
    "mx",
    "miss",
    "dr",
    "prof",
    "professor",
    "rev",
    "reverend",
    "fr",
    "sr",
    "br",
    "messrs",
    "mme",
)
"""Titles before a name; none of them is a given name that is followed by another in Latin script."""

RANKS: Final = (
    "capt",
    "cpt",
    "lt",
    "ltc",
    "col",
    "sgt",
    "ssgt",
    "maj",
    "gen",
    "cpl",
    "pvt",
    "cmdr",
    "sen",
    "gov",
    "pres",
    "hon",
)
"""Titles only when written with a full stop: "Lt", "Col" and "Hon" are also given names."""

CREDENTIALS: Final = (
    "md",
    "phd",
    "dds",
    "dmd",
    "dvm",
    "rn",
    "lpn",
    "esq",
    "esquire",
    "cpa",
    "mph",
    "msw",
    "lcsw",
    "aprn",
    "crna",
    "facs",
    "pharmd",
    "psyd",
)
"""After a name. "do", "ma", "pa" and "jd" are left: they are also names."""

PLACEHOLDER_NAMES: Final = (
    "unknown", "unk", "unkn", "unknow", "unknwn", "not known", "not available", "not provided", "not given",
    "not reported",
    "not recorded", "not applicable", "no name", "noname", "no last name", "no first name", "name unknown",
    "unknown name", "unnamed",
    "unidentified", "nfn", "nln", "fnu", "lnu", "nmn", "nmi", "xxx", "xxxx", "xxxxx", "xxxxxx", "zzz", "zzzz", "zzzzz",
    "yyy", "aaa", "aaaa", "asdf", "qwerty",
    "test", "testing", "test test", "test patient", "testpatient", "patient test", "zztest", "zzztest", "do not use",
    "duplicate", "void", "delete", "deleted",
    "refused", "declined", "anonymous", "confidential", "missing", "undefined", "unspecified",
    "dummy", "tbd", "n a",
    "trauma", "emergency", "unidentified male", "unidentified female", "unknown male", "unknown female", "male unknown",
    "female unknown",
)  # fmt: skip
"""Whole names that stand for "nobody knows". "Na", "Null", "None" and "Nan" are real names and not here."""

PLACEHOLDER_GIVEN_NAMES: Final = (
    "baby", "boy", "girl", "newborn", "new born", "infant", "neonate", "nb", "bb", "bg", "male", "female",
    "child",
    "fetus", "stillborn", "mr", "mrs", "ms", "miss", "dr", "first name", "firstname", "given name", "fname",
)  # fmt: skip
"""Given names that are only a description."""

PLACEHOLDER_SURNAMES: Final = (
    "patient", "last name", "lastname", "surname", "family name", "lname", "apellido", "sin apellido", "no surname",
    "refuse", "refusal", "dont know", "do not know", "wont say", "desconocido", "desconocida",
    "respondent", "householder", "homeowner", "household", "occupant", "resident", "inmate", "hh", "hhm", "hoh",
    "wife", "daughter", "granddaughter", "female", "adult", "two", "three", "four", "five",
    "of house", "of home", "of household", "of the", "of the house", "of the home", "of the household",
    "of this house", "of that house", "man of the house", "lady of the house", "man of house", "lady of house",
)  # fmt: skip
"""Only what nobody is called: House, Home, Parent, Husband, Child, Man, Boy, Head and Owner are also surnames."""

RELATIONSHIPS: Final = (
    "wife", "husband", "spouse", "daughter", "dau", "dtr", "grandson", "granddaughter", "grandchild",
    "grandmother", "grandfather", "grandma", "grandpa", "mother", "father", "mom", "mommy", "dad", "daddy", "parent",
    "guardian", "brother", "sister", "sibling", "stepson", "stepdaughter", "stepchild", "foster child", "fosterchild",
    "nephew", "niece", "aunt", "uncle", "cousin", "son in law", "daughter in law", "mother in law", "father in law",
    "hijo", "hija", "esposo", "esposa", "marido", "mujer", "nieto", "nieta", "abuelo", "abuela", "hermano", "hermana",
    "padre", "madre", "senor", "senora", "senorita",
    "roommate", "housemate", "friend", "boarder", "lodger", "tenant", "renter", "occupant", "resident", "householder",
    "household", "homeowner", "owner", "respondent", "resp", "head", "hh", "hhm", "hoh", "loh", "moh", "soh", "doh",
    "coh", "goh", "inmate", "prisoner", "detainee", "decedent", "deceased", "donor", "unborn",
    "person", "adult", "kid", "minor", "teen", "teenager", "youngest", "oldest", "eldest", "lady", "gentleman", "gent",
    "gentle", "one", "two", "three", "four", "five",
    "refuse", "refusal", "dont know", "do not know", "wont say", "nombre", "sin nombre", "desconocido", "desconocida",
)  # fmt: skip
"""Given names that say what somebody is to somebody, or at an address: interviewers and clerks write them down.

Left are those that are also given names: Nino, Nina, Pop, Man, Baby with another name, and Son (see below).
"""

SURNAMES_WITH_SON: Final = (
    "nguyen", "tran", "le", "pham", "huynh", "hoang", "phan", "vu", "vo", "dang", "bui", "do", "ho", "ngo", "duong",
    "ly", "dinh", "doan", "truong", "trinh", "lam", "luu", "mai", "cao", "chau", "dao", "ha", "ta", "thai", "to",
    "kim", "lee", "park", "choi", "jung", "kang", "cho", "yoon", "jang", "lim", "han", "oh", "seo", "shin", "kwon",
    "hwang", "ahn", "song", "hong", "yi", "ryu", "chang", "chung", "im", "bae", "moon", "son",
)  # fmt: skip
"""Vietnamese and Korean surnames: before them Son is a given name."""

PLACEHOLDER_PEOPLE: Final = (
    "john doe", "jane doe", "jon doe", "johnny doe", "baby doe", "jack doe", "john q public", "john public", "jane roe",
    "richard roe",
    "mickey mouse", "minnie mouse", "donald duck", "daffy duck", "test person", "sample patient", "sample person",
    "john sample", "jane sample",
    "john test", "jane test",
)  # fmt: skip
"""Given name and surname together; each alone may be real."""

SEXES: Final = {
    "m": "m", "male": "m", "man": "m", "boy": "m", "masculine": "m", "masculino": "m", "hombre": "m", "1": "m",
    "ml": "m", "mal": "m",
    "f": "f", "female": "f", "woman": "f", "girl": "f", "feminine": "f", "femenino": "f", "mujer": "f", "2": "f",
    "fem": "f", "fml": "f",
    "o": "o", "other": "o", "x": "x", "nonbinary": "x", "non-binary": "x", "non binary": "x", "nb": "x",
    "i": "i", "intersex": "i", "a": "a", "ambiguous": "a",
}  # fmt: skip
"""Written sex to one letter; 1 and 2 are ISO/IEC 5218, o and a are HL7 v2 table 0001."""

UNKNOWN_SEXES: Final = ("u", "un", "unk", "unknown", "undifferentiated", "undetermined", "0", "9", "n")
"""0 and 9 are ISO/IEC 5218; u and n are HL7 v2 table 0001."""

MONTHS: Final = {
    word: f"{number:02d}"
    for number, words in enumerate(
        (
            "jan january enero", "feb february febrero", "mar march marzo", "apr april abril", "may mayo",
            "jun june junio", "jul july julio",
            "aug august agosto", "sep sept september septiembre", "oct october octubre", "nov november noviembre",
            "dec december diciembre",
        ),
        start=1,
    )
    for word in words.split()
}  # fmt: skip
