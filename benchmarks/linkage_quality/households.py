"""A small synthetic population where linkage is hard: families under one roof, twins, juniors, moves, marriages."""

import random
from typing import Any

Row = dict[str, str | None]

_BOYS_TEXT = """
james robert john michael david william richard joseph thomas christopher charles daniel matthew anthony mark
donald steven andrew paul joshua kenneth kevin brian timothy ronald jason george edward jeffrey ryan jacob
nicholas gary eric jonathan stephen larry justin scott brandon benjamin samuel gregory alexander patrick frank
raymond jack dennis jerry tyler aaron jose adam nathan henry zachary douglas peter kyle noah ethan jeremy
christian walter keith austin roger terry sean gerald carl dylan harold jordan jesse bryan lawrence arthur
gabriel bruce logan billy joe alan juan elijah willie albert wayne
"""
_BOYS = _BOYS_TEXT.split()
_GIRLS_TEXT = """
mary patricia jennifer linda elizabeth barbara susan jessica karen sarah lisa nancy sandra betty ashley emily
kimberly margaret donna michelle carol amanda melissa deborah stephanie rebecca sharon laura cynthia dorothy
amy kathleen angela shirley emma brenda pamela nicole anna samantha katherine christine debra rachel carolyn
janet maria olivia heather helen catherine diane julie victoria joyce lauren kelly christina ruth joan
virginia judith evelyn hannah andrea megan cheryl jacqueline madison teresa abigail sophia martha sara gloria
janice kathryn ann isabella judy charlotte julia grace amber
"""
_GIRLS = _GIRLS_TEXT.split()
_SURNAMES_TEXT = """
smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson
anderson thomas taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis
robinson walker young allen king wright scott torres nguyen hill flores green adams nelson baker hall rivera
campbell mitchell carter roberts gomez phillips evans turner diaz parker cruz edwards collins reyes stewart
morris morales murphy cook rogers gutierrez ortiz morgan cooper peterson bailey reed kelly howard ramos kim
cox ward richardson watson brooks chavez wood james bennett gray mendoza ruiz
"""
_SURNAMES = _SURNAMES_TEXT.split()
_SHORT_TEXT = """
robert:bob william:bill james:jim michael:mike richard:rick thomas:tom joseph:joe charles:chuck
daniel:dan matthew:matt elizabeth:liz margaret:peggy patricia:pat jennifer:jen kimberly:kim
deborah:debbie rebecca:becky katherine:kate susan:sue barbara:barb christopher:chris nicholas:nick
samantha:sam pamela:pam edward:ed
"""
_SHORT = dict(pair.split(":") for pair in _SHORT_TEXT.split())
_ENDINGS = ("son", "man", "ton", "ley", "berg", "field", "er", "wood", "worth", "ski", "ham", "stein", "well", "by")
_STREETS = "oak maple main park cedar elm washington lake hill walnut spring church river mill".split()  # noqa: SIM905 - one line for fourteen words
_KINDS = ("street", "avenue", "road", "drive", "lane", "court")

_ERRORS = {
    "first_name": (0.01, 0.03),
    "last_name": (0.01, 0.03),
    "birth_date": (0.04, 0.02),
    "sex": (0.05, 0.0),
    "social_security_number": (0.45, 0.015),
    "phone": (0.25, 0.02),
    "address": (0.06, 0.05),
    "zip_code": (0.06, 0.02),
}
"""Shares of values that are missing, and that have a typo."""


def household_records(people: int, seed: int) -> list[Row]:
    """Records of about `people` humans: one to four each, three data sources, with errors; `truth` says who."""
    population = _Population(random.Random(seed))
    while len(population.people) < people:
        population.add_household()
    return population.records()


class _Population:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.people: list[dict[str, Any]] = []
        stems = ["".join(rng.choice(s) for s in ("bcdfghjklmnprstw", "aeiou", "lmnrst")) for _ in range(400)]
        self.surnames = _SURNAMES + sorted({stem + ending for stem in stems for ending in _ENDINGS})
        self.surname_weights = [1 / (rank + 20) for rank in range(len(self.surnames))]
        self.boys = self._weighted(_BOYS)
        self.girls = self._weighted(_GIRLS)

    def _weighted(self, names: list[str]) -> tuple[list[str], list[float]]:
        rare = sorted(
            {"".join(self.rng.choice(s) for s in ("bdjklmnrst", "aeio", "lmnrsv", "aeiy", "nls")) for _ in range(600)}
        )
        every = names + rare
        return every, [1 / (rank + 5) for rank in range(len(every))]

    def _given(self, sex: str) -> str:
        names, weights = self.boys if sex == "m" else self.girls
        return self.rng.choices(names, weights)[0]

    def _person(self, home: dict[str, str], surname: str, sex: str, year: int, **known: str) -> dict[str, Any]:
        rng = self.rng
        given = self._given(sex)
        while given in home:  # Parents do not name two children alike.
            given = self._given(sex)
        person: dict[str, Any] = {
            "first_name": given,
            "middle_name": self._given(sex),
            "last_name": surname,
            "sex": sex,
            "birth_date": f"{year}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
            "social_security_number": f"{rng.randint(1, 665):03}{rng.randint(1, 99):02}{rng.randint(1, 9999):04}",
            "phone": home["phone"] if year > 1995 or rng.random() < 0.6 else self._phone(),
            "home": home,
        } | known
        home[person["first_name"]] = "taken"
        self.people.append(person)
        return person

    def _phone(self) -> str:
        rng = self.rng
        return (
            f"{rng.randint(2, 9)}{rng.randint(10, 99)}{rng.randint(2, 4)}{rng.randint(10, 99)}{rng.randint(0, 9999):04}"
        )

    def _home(self) -> dict[str, str]:
        rng = self.rng
        street = (
            f"{rng.choice(_STREETS)} {rng.choice(_KINDS)}"
            if rng.random() < 0.5
            else f"{rng.choice(self.surnames)} {rng.choice(_KINDS)}"
        )
        town = rng.randint(0, 199)
        return {
            "address": f"{rng.randint(1, 9999)} {street}",
            "city": f"{_STREETS[town % 14]}{_ENDINGS[town // 14 % 14]}",
            "state": "oh",
            "zip_code": f"43{town:03}",
            "phone": self._phone(),
        }

    def add_household(self) -> None:
        """Adults, often a couple; children, now and then twins; now and then a junior."""
        rng, home = self.rng, self._home()
        surname = rng.choices(self.surnames, self.surname_weights)[0]
        year = rng.randint(1935, 2000)
        father = self._person(home, surname, "m", year) if rng.random() < 0.8 else None
        if father is None or rng.random() < 0.7:
            own = surname if rng.random() < 0.85 else rng.choices(self.surnames, self.surname_weights)[0]
            self._person(home, own, "f", year + rng.randint(-5, 5))
        born = year + rng.randint(18, 40)
        for child in range(rng.choices((0, 1, 2, 3), (40, 25, 25, 10))[0]):
            sex = rng.choice("mf")
            if father and sex == "m" and child == 0 and rng.random() < 0.05:
                same = {"first_name": father["first_name"]} | (
                    {"middle_name": father["middle_name"]} if rng.random() < 0.6 else {}
                )
                self._person(home, surname, "m", born, suffix="jr", **same)
                continue
            first = self._person(home, surname, sex, born)
            if rng.random() < 0.06:
                self._person(home, surname, rng.choice((sex, sex, "m", "f")), born, birth_date=first["birth_date"])
            born += rng.randint(1, 4)

    def records(self) -> list[Row]:
        """One to four deliveries of each human, shuffled."""
        rows = []
        for number, person in enumerate(self.people):
            copies = self.rng.choices((1, 2, 3, 4), (35, 35, 20, 10))[0]
            rows += [self._delivery(person, number, copy) for copy in range(copies)]
        self.rng.shuffle(rows)
        return rows

    def _delivery(self, person: dict[str, Any], number: int, copy: int) -> Row:
        rng = self.rng
        home = self._home() if rng.random() < 0.12 else person["home"]
        row: Row = {
            key: person[key]
            for key in (
                "first_name",
                "middle_name",
                "last_name",
                "sex",
                "birth_date",
                "social_security_number",
                "phone",
            )
        }
        row |= {key: home[key] for key in ("address", "city", "state", "zip_code")}
        row |= {
            "truth": str(number),
            "data_source": rng.choice(("hospital", "payer", "lab")),
            "source_person_id": f"{number}-{copy}",
        }
        if home is not person["home"]:
            row["phone"] = home["phone"]
        if person["sex"] == "f" and rng.random() < 0.05:
            row["last_name"] = rng.choices(self.surnames, self.surname_weights)[0]
        if person["first_name"] in _SHORT and rng.random() < 0.15:
            row["first_name"] = _SHORT[person["first_name"]]
        if "suffix" in person and rng.random() < 0.6:
            row["last_name"] = f"{row['last_name']} {person['suffix']}"
        if row["middle_name"] and rng.random() < 0.6:
            row["middle_name"] = row["middle_name"][0] if rng.random() < 0.6 else None
        if rng.random() < 0.01:
            row["first_name"], row["last_name"] = row["last_name"], row["first_name"]
        self._damage(row)
        return row

    def _damage(self, row: Row) -> None:
        rng = self.rng
        for field, (missing, typo) in _ERRORS.items():
            value = row[field]
            if value is None or rng.random() < missing:
                row[field] = None
            elif rng.random() < typo:
                row[field] = self._typo(value)
        date = row["birth_date"]
        if date and rng.random() < 0.005 and int(date[8:]) <= 12:
            row["birth_date"] = f"{date[:4]}-{date[8:]}-{date[5:7]}"
        if rng.random() < 0.01:
            row["sex"] = {"m": "f", "f": "m", None: None}[row["sex"]]

    def _typo(self, value: str) -> str:
        rng, at = self.rng, self.rng.randrange(len(value))
        letter = str(rng.randint(0, 9)) if value[at].isdigit() else rng.choice("abcdefghijklmnopqrstuvwxyz")
        kind = rng.randrange(4)
        if kind == 0 and "-" not in value:
            return value[:at] + value[at + 1 :]
        if kind == 1 and "-" not in value:
            return value[:at] + letter + value[at:]
        if kind == 2 and at + 1 < len(value) and "-" not in value[at : at + 2]:
            return value[:at] + value[at + 1] + value[at] + value[at + 2 :]
        return value if value[at] == "-" else value[:at] + letter + value[at + 1 :]
