"""The name columns of a delivery."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.synthetic import names, text
from empi_pipeline.synthetic.dice import Flags, Ints
from empi_pipeline.synthetic.people import HYPHENATED, JUNIOR, NEVER, SENIOR, SPANISH, THIRD
from empi_pipeline.synthetic.spelling import accented, cased
from empi_pipeline.synthetic.words.places import MAIL_DOMAINS
from empi_pipeline.synthetic.writing import Writing

_PLACEHOLDER_FIRST: Final = ("unknown", "unknown", "test", "unk", "x", "no name", "john")
_PLACEHOLDER_LAST: Final = ("unknown", "unknown", "patient", "unk", "xxx", "doe", "doe")
_NEWBORNS: Final = (("baby boy", "babyboy", "bb", "boy", "newborn"), ("baby girl", "babygirl", "bg", "girl", "newborn"))


def name_columns(writing: Writing, *, extra: bool) -> dict[str, pa.Array]:
    """first_name and last_name; middle_name, suffix and email too when columns beyond the standard are wanted."""
    who, source = writing.who, writing.source
    unnamed = _unnamed(writing)
    called = writing.chance("as called", source.informal * writing.shares.nickname_recorded) & (who.called != who.first)
    writing.count("recorded_under_another_given_name", called & ~unnamed)
    by_middle = called & (who.called == who.middle)
    first = names.given_name_text(np.where(called, who.called, who.first))
    apart = extra and source.extras
    middle = _middle_names(writing, np.where(by_middle, who.first, who.middle), unnamed)
    suffix = _suffixes(writing, unnamed)
    last = _last_names(writing)

    first, last = writing.mistyped("typo_first_name", first), writing.mistyped("typo_last_name", last)
    swapped = writing.error("swapped_names", ~unnamed)
    first, last = text.where(swapped, last, first), text.where(swapped, first, last)
    first, last = accented(source, first), accented(source, last)
    if not apart:
        first = text.joined(first, middle, by=" ")
        glued = writing.chance("suffix glued", 0.06)
        between = text.where(glued, "", text.where(writing.chance("comma before suffix", 0.15), ", ", " "))
        last = text.joined(last, text.where(np.asarray(suffix.is_valid()), between, ""), suffix)
    first = _with_newborns(writing, first, unnamed)
    placeholder = writing.error("placeholder_name", ~unnamed)
    which = writing.dice.below(writing.ask("which placeholder"), writing.keys, len(_PLACEHOLDER_FIRST))
    first = text.where(placeholder, pa.array(_PLACEHOLDER_FIRST).take(pa.array(which)), first)
    last = text.where(placeholder, pa.array(_PLACEHOLDER_LAST).take(pa.array(which)), last)
    columns = {
        "first_name": writing.missing(cased(source, first), writing.error("missing_first_name")),
        "last_name": writing.missing(cased(source, last), writing.error("missing_last_name")),
    }
    if extra:
        nothing = pa.nulls(len(first), pa.string())
        columns["middle_name"] = writing.missing(cased(source, middle), placeholder) if apart else nothing
        columns["suffix"] = cased(source, suffix) if apart else nothing
        columns["email"] = _emails(writing) if apart else nothing
    return columns


def _unnamed(writing: Writing) -> Flags:
    """Records of newborns that were written before they had a name."""
    if not writing.source.newborns:
        return np.zeros(len(writing.rows), np.bool_)
    young = (writing.rows.as_of - writing.who.born < 28) & (writing.rows.delivery == 0)
    return writing.count("unnamed_newborn", young & writing.chance("unnamed", writing.shares.unnamed_newborn))


def _with_newborns(writing: Writing, first: pa.Array, unnamed: Flags) -> pa.Array:
    """Baby girl; of twins baby girl a and b; or girl of the mother, where she heads the household."""
    rows = np.flatnonzero(unnamed)
    if not len(rows):
        return first
    who = writing.who.take(rows)
    how = writing.dice.choice(writing.ask("newborn"), writing.keys[rows], (6, 2, 2, 1, 1))
    table = pa.array([word for words in _NEWBORNS for word in words])
    word = table.take(pa.array(who.sex * len(_NEWBORNS[0]) + how))
    younger = (who.slot >= 7) & (who.slot < 12)
    has_twin = np.isin(who.human + 5, writing.people.human) & (who.slot < 7)
    letter = text.where(younger, " b", text.where(has_twin, " a", ""))
    mother = writing.people.take(who.head)
    of_mother = (mother.sex == 1) & ~younger & ~has_twin & (how >= 3)
    said = text.joined(word, " of ", names.given_name_text(mother.first))
    return text.replaced(first, rows, text.where(of_mother, said, text.joined(word, letter)))


def _middle_names(writing: Writing, middle: Ints, unnamed: Flags) -> pa.Array:
    """Written out, as an initial, or not at all."""
    full, initial = writing.source.middle
    chosen = writing.dice.uniform(writing.ask("middle name"), writing.keys)
    there = (middle >= 0) & ~unnamed & (chosen < full + initial)
    whole = names.given_name_text(np.maximum(middle, 0))
    written = text.where(chosen < full, whole, pc.utf8_slice_codeunits(whole, 0, 1))
    return text.where(there, written, None)


def _suffixes(writing: Writing, unnamed: Flags) -> pa.Array:
    generation, share = writing.who.generation, writing.source.suffix
    chosen = writing.dice.uniform(writing.ask("suffix"), writing.keys)
    young = (generation >= JUNIOR) & (chosen < share)
    old = (generation == SENIOR) & (chosen < share * 0.3)
    roman = writing.dice.chance("a second", writing.who.human, 0.12)
    words = text.where(
        generation == THIRD, "iii", text.where(generation == SENIOR, "sr", text.where(roman, "ii", "jr"))
    )
    writing.count("record_of_namesake", generation > 0)
    return text.where(writing.count("suffix_written", (young | old) & ~unnamed), words, None)


def _last_names(writing: Writing) -> pa.Array:
    who = writing.who
    earlier = writing.rows.as_of < who.renamed
    kept = writing.error("old_name_kept", (who.renamed > -NEVER) & ~earlier)
    former = earlier | kept
    writing.count("earlier_surname", former & (who.before != who.surname))
    first = names.surname_text(np.where(former, who.before, who.surname))
    second = names.surname_text(np.maximum(who.second, 0))
    how = writing.dice.uniform(writing.ask("double surname"), writing.keys)
    hyphen = (who.joint == HYPHENATED) & ~former
    spanish = who.joint == SPANISH
    both = (hyphen & (how < 0.85)) | (spanish & (how < 0.62))
    only_second = (hyphen & (how >= 0.93)) | (spanish & (how >= 0.94))
    by = text.where((hyphen & (how < 0.7)) | (spanish & (how < 0.15)), "-", " ")
    writing.count("double_surname", both)
    return text.where(both, text.joined(first, by, second), text.where(only_second, second, first))


def _emails(writing: Writing) -> pa.Array:
    """One a person, of adults; some couples share one."""
    dice, who = writing.dice, writing.who
    has = dice.chance("has e-mail", who.human, 0.7) & (writing.rows.as_of - who.born > 15 * 365)
    shared = dice.chance("shares e-mail", who.human, 0.06)
    owner = np.where(shared, who.household << 8, who.human)
    first = names.given_name_text(np.where(shared, writing.people.first[who.head], who.called))
    last = names.surname_text(np.where(shared, writing.people.surname[who.head], who.before))
    number = text.whole_numbers(dice.below("e-mail number", owner, 100))
    domain = pa.array(MAIL_DOMAINS).take(pa.array(dice.choice("e-mail domain", owner, (40, 25, 15, 10, 10))))
    local = pc.replace_substring_regex(text.joined(first, ".", last, number), "[^a-z0-9.]", "")
    given = writing.chance("gives e-mail", 0.6)
    return text.where(has & given, text.joined(local, "@", domain), None)
