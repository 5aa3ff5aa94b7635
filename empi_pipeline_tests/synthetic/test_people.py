"""The people themselves: families, names, numbers, homes."""

import numpy as np
import pyarrow as pa
import pytest

from empi_pipeline.synthetic.deliveries import identifiers
from empi_pipeline.synthetic.dice import Dice
from empi_pipeline.synthetic.homes import addresses, city_names, homes_at, towns
from empi_pipeline.synthetic.names import given_name_text, surname_text, surnames
from empi_pipeline.synthetic.people import JUNIOR, NEVER, THIRD, YEAR, People, people
from empi_pipeline.synthetic.shares import Shares
from empi_pipeline.synthetic.sources import SOURCES

HOUSEHOLDS = np.arange(20_000)
TODAY = 20_089
"""2025-01-01."""


@pytest.fixture(scope="module")
def everybody() -> People:
    return people(Dice(7), Shares(), HOUSEHOLDS)


def test_the_dice_fall_as_they_always_did() -> None:
    # Written down once: another function would give every seed another population.
    assert Dice(1).bits("a question", np.array([0, 1, -1])).tolist() == [
        0xBB92E1EE63E9CD1B, 0xA3B17A76D17CD704, 0xFE96E6E25357933E,
    ]  # fmt: skip


def test_people_do_not_depend_on_the_block_they_are_made_in(everybody: People) -> None:
    alone = people(Dice(7), Shares(), HOUSEHOLDS[4_000:4_016])
    rows = np.flatnonzero((everybody.household >= 4_000) & (everybody.household < 4_016))
    for name in ("human", "sex", "born", "died", "first", "middle", "surname", "second", "ssn", "own_from"):
        assert getattr(alone, name).tolist() == getattr(everybody, name)[rows].tolist(), name


def test_twins_share_birth_date_and_household_but_not_name_and_number(everybody: People) -> None:
    second = np.flatnonzero((everybody.slot >= 7) & (everybody.slot < 12))
    first = np.searchsorted(everybody.human, everybody.human[second] - 5)
    assert len(second) > 150
    assert (everybody.human[first] == everybody.human[second] - 5).all()
    assert (everybody.born[first] == everybody.born[second]).all()
    assert (everybody.household[first] == everybody.household[second]).all()
    assert (everybody.first[first] != everybody.first[second]).all()
    known = everybody.ssn[second] >= 0
    assert (everybody.ssn[first][known] != everybody.ssn[second][known]).all()
    close = everybody.ssn[second] - everybody.ssn[first]
    assert ((close >= 1) & (close <= 2)).mean() == pytest.approx(Shares().twins_with_neighbouring_ssn, abs=0.1)


def test_no_two_siblings_have_one_given_name(everybody: People) -> None:
    children = np.flatnonzero((everybody.slot >= 2) & (everybody.slot < 12))
    names = list(zip(everybody.household[children].tolist(), everybody.first[children].tolist(), strict=True))
    assert len(set(names)) == len(names)


def test_a_junior_is_a_son_of_his_father_s_name(everybody: People) -> None:
    found = np.flatnonzero((everybody.generation >= JUNIOR) & (everybody.slot >= 2) & (everybody.slot < 12))
    assert len(found) > 100
    for son in found.tolist():
        parents = np.flatnonzero((everybody.household == everybody.household[son]) & (everybody.slot <= 1))
        (father,) = [row for row in parents.tolist() if everybody.first[row] == everybody.first[son]]
        assert everybody.sex[father] == everybody.sex[son] == 0
        assert everybody.born[father] < everybody.born[son] - 15 * YEAR
        assert everybody.generation[father] > 0
    assert (everybody.generation == THIRD).any()


def test_who_marries_changes_the_surname_on_a_day_and_had_one_before(everybody: People) -> None:
    renamed = everybody.renamed > -NEVER
    assert (everybody.sex[renamed] == 1).all()
    changed = renamed & (everybody.second < 0)
    assert (everybody.surname[changed] != everybody.before[changed]).mean() > 0.97  # Some Smiths marry a Smith.
    assert (everybody.renamed[renamed] - everybody.born[renamed] >= 18 * YEAR - 1).all()
    assert (everybody.renamed[renamed] <= TODAY).all()


def test_nobody_is_born_tomorrow_or_dies_before_birth(everybody: People) -> None:
    assert everybody.born.max() < TODAY
    assert ((TODAY - everybody.born) / YEAR).max() < 125
    assert (everybody.died >= everybody.born).all()
    assert 0.01 < (everybody.died < NEVER).mean() < 0.08


def test_every_ssn_could_have_been_issued(everybody: People) -> None:
    ssn = everybody.ssn[everybody.ssn >= 0]
    area, group, serial = ssn // 1_000_000, ssn // 10_000 % 100, ssn % 10_000
    assert ((area > 0) & (area < 900) & (area != 666) & (group > 0) & (serial > 0)).all()
    assert len(np.unique(ssn)) > 0.995 * len(ssn)


def test_a_family_lives_at_one_address_and_moves_now_and_then(everybody: People) -> None:
    today = np.full(len(everybody), TODAY, np.int64)
    now = homes_at(Dice(7), Shares(), everybody, today)
    then = homes_at(Dice(7), Shares(), everybody, today - int(10 * YEAR))
    young = np.flatnonzero((everybody.slot >= 2) & (everybody.slot < 12) & (TODAY - everybody.born < 18 * YEAR))
    assert (now[young] == now[everybody.head[young]]).all()
    here = ~everybody.resident
    assert 0.4 < (now[here] != then[here]).mean() < 0.75


def test_residents_of_an_institution_share_its_address(everybody: People) -> None:
    inside = everybody.resident & (everybody.own_until <= TODAY)
    homes = homes_at(Dice(7), Shares(), everybody, np.full(len(everybody), TODAY, np.int64))[inside]
    where = addresses(Dice(7), Shares(), np.unique(homes))
    assert len(np.unique(homes)) == len(np.unique(everybody.household[inside]))
    assert (where.facility >= 0).all()


def test_town_state_and_zip_code_belong_together() -> None:
    where = addresses(Dice(7), Shares(), np.arange(5_000) << 12)
    assert (where.zip_code // 100 == towns().zip_prefix[where.town]).all()
    assert 0.8 < np.isin(towns().state.to_numpy(zero_copy_only=False)[where.town], ["oh", "in", "ky"]).mean() < 0.9
    assert pa.compute.all(pa.compute.match_substring_regex(city_names(where), "^[a-z. ]+$")).as_py()


def test_surnames_are_as_unequal_as_in_life() -> None:
    drawn = surnames(Dice(7), "surname", np.arange(100_000), np.zeros(100_000, np.int64))
    counts = np.sort(np.unique(drawn, return_counts=True)[1])[::-1]
    assert 0.006 < counts[0] / 100_000 < 0.011  # Smith: 0.8 % in the Census of 2010.
    assert counts[:1000].sum() / 100_000 == pytest.approx(0.44, abs=0.03)
    assert 35_000 < len(counts) < 50_000
    assert len(surname_text(np.unique(drawn)).unique()) > 0.95 * len(counts)


def test_given_names_follow_the_year_of_birth(everybody: People) -> None:
    texts = given_name_text(everybody.first).to_numpy(zero_copy_only=False)
    old = (TODAY - everybody.born) / YEAR > 70
    young = (TODAY - everybody.born) / YEAR < 15
    assert (texts[old] == "shirley").sum() > 5 * (texts[young] == "shirley").sum()
    assert (texts[young] == "noah").sum() > 5 * (texts[old] == "noah").sum()


def test_a_source_gives_each_identity_a_number_of_its_own() -> None:
    for source in SOURCES.values():
        numbers = identifiers(Dice(7), source, np.arange(0, 400_000, 8))
        assert len(numbers.unique()) == 50_000
        assert numbers.slice(0, 2000).to_pylist() != sorted(numbers.slice(0, 2000).to_pylist())
