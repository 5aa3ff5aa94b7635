"""How often things happen in the synthetic population: every share, with the reason for its value."""

from dataclasses import dataclass, replace
from datetime import date


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of 1 unless said otherwise. "Census" is the US Census Bureau; values are rounded, for plausibility."""

    # Time and place.
    first_delivery: date = date(2025, 1, 1)
    """Fixed, so that the same seed gives the same bytes on any day. Later deliveries follow month by month."""
    in_region: float = 0.85
    """Homes in Ohio, Indiana and Kentucky: an index serves a region, where city and ZIP code say little."""

    # Households (Census 2020, table HH-1, simplified).
    single: float = 0.28
    couple: float = 0.25
    couple_with_children: float = 0.27
    """Includes families whose children have grown up and left, for only then fathers and adult juniors meet."""
    single_parent: float = 0.10
    three_generations: float = 0.05
    shared_house: float = 0.048
    institution: float = 0.002
    """Of households, with 12 to 90 residents each: nursing homes, shelters, dormitories; about 4 % of all people."""
    twin_births: float = 0.016
    """Of births; 3.1 % of US babies are twins (NCHS)."""
    twins_alike_in_name: float = 0.35
    """Of twins of one sex: Jayden and Jaylen. No statistics; they exist in every register."""
    twins_with_neighbouring_ssn: float = 0.5
    """Numbers were handed out in one go at birth (until 2011 in sequence)."""
    junior: float = 0.05
    """Of first sons with a father at hand: about 3 % of US men have a suffix (voter files)."""
    junior_shares_middle_name: float = 0.85
    named_after_mother: float = 0.003
    left_home: float = 0.75
    """Of adult children."""
    separated: float = 0.06
    """Of couples with children: the partner lives elsewhere since some day."""

    # Names.
    same_origin_couple: float = 0.83
    """17 % of newlyweds marry across groups (Pew 2017)."""
    married: float = 0.82
    takes_surname: float = 0.75
    """Of married women (Pew 2023: 79 % took their husband's, 5 % hyphenate)."""
    hyphenates_surname: float = 0.06
    back_to_maiden_name: float = 0.06
    """Of women who live alone or with children, within the last ten years."""
    double_surname: float = 0.35
    """Of Hispanic households: father's and mother's name."""
    has_middle_name: float = 0.85
    goes_by_middle_name: float = 0.04
    has_nickname_in_use: float = 0.30
    """Of people whose name has one."""

    # Numbers.
    no_ssn: float = 0.02
    """Adults without a number; more where many are immigrants (see origins.py)."""
    borrowed_ssn: float = 0.001
    """People who use a stranger's number all the time."""
    relative_ssn: float = 0.004
    """Records that carry the number of the household's head: the guarantor's, written into the patient's field."""
    own_phone: float = 0.75
    """Of people of 14 or more; others share the household's."""
    phone_changed: float = 0.25
    """In the twelve years that records come from."""

    # Life.
    moves_per_year: float = 0.09
    """Census 2021: 8.4 % of people, more for the young."""
    move_within_town: float = 0.62
    died: float = 0.035
    """Of all people in the index; the chance grows with age."""
    old_name_kept: float = 0.04
    """Records written after a marriage, still under the earlier surname."""
    old_address_kept: float = 0.05

    # Delivery.
    first_delivery_share: float = 0.6
    """Of source identities, when there are several deliveries; the rest come evenly with the later ones."""
    updated: float = 0.06
    """Of known source identities, per later delivery: delivered again as they are then. Most are unchanged rows."""
    rekeyed: float = 0.5
    """Of updates: typed anew, so that old errors go and new ones come."""
    unnamed_newborn: float = 0.5
    """Hospital records of children under 3 that were written at birth, before the child had a name."""
    front_desk_phone: float = 0.002
    """Records with the number of the source's own front desk: one number for thousands of people."""

    # Errors of a source of middling care; each source scales them (sources.py), `--error-rate` scales all.
    typo_first_name: float = 0.022
    typo_last_name: float = 0.024
    typo_birth_date: float = 0.015
    typo_ssn: float = 0.012
    typo_address: float = 0.035
    typo_city: float = 0.02
    typo_zip_code: float = 0.012
    typo_phone: float = 0.015
    """About 1 to 4 % of fields, as audits of registration data find (AHIMA); addresses most, dates least."""
    swapped_names: float = 0.006
    swapped_day_and_month: float = 0.006
    wrong_sex: float = 0.008
    nickname_recorded: float = 1.0
    """Times the informality of a source, for people who use a nickname."""
    missing_first_name: float = 0.004
    missing_last_name: float = 0.001
    missing_birth_date: float = 0.025
    missing_sex: float = 0.03
    missing_ssn: float = 0.35
    missing_address: float = 0.05
    missing_phone: float = 0.20
    placeholder_name: float = 0.0015
    placeholder_birth_date: float = 0.004
    placeholder_ssn: float = 0.012
    placeholder_phone: float = 0.010
    placeholder_address: float = 0.004
    partial_birth_date: float = 0.004
    """1 January or the first of the month, because no more was known."""

    def without_families(self) -> "Shares":
        """Everybody lives alone, and nobody is named after anybody."""
        return replace(
            self, single=1.0, couple=0.0, couple_with_children=0.0, single_parent=0.0, three_generations=0.0,
            shared_house=0.0, institution=0.0, relative_ssn=0.0,
        )  # fmt: skip

    def with_errors(self, rate: float) -> "Shares":
        """Errors, missing and placeholder values this many times as often; life goes on as before."""
        prefixes = ("typo_", "swapped_", "wrong_", "missing_", "placeholder_", "partial_", "nickname_", "old_")
        names = [name for name in self.__slots__ if name.startswith(prefixes)]
        names += ["relative_ssn", "front_desk_phone"]
        return replace(self, **{name: min(0.95, getattr(self, name) * rate) for name in names})
