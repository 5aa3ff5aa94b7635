"""`empi explain`: why two records match or do not, and what decided."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from empi_pipeline.cli.output import Json, note, print_json, say
from empi_pipeline.errors import ConfigurationError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from empi_pipeline.identity.pair_facts import PairFacts
    from empi_pipeline.identity.policy import Policy
    from empi_pipeline.linkage.pair_explanation import PairExplanation
    from empi_pipeline.postgres import Connection


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain)


def explain(
    first: Annotated[str, typer.Argument(metavar="RECORD", help="A record id, or DATA_SOURCE/SOURCE_PERSON_ID.")],
    second: Annotated[str, typer.Argument(metavar="RECORD", help="Another one.")],
    model: Annotated[str | None, typer.Option(help="Number or name of a model; the active one without it.")] = None,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write the waterfall as an image.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write a page.")] = None,
    as_json: Json = False,
) -> None:
    """Say why two records match or do not, also if they were never compared, and what decided: score, guard, steward.

    The weight is the one that a batch gives the pair. A source identity stands for its newest record. No value of a
    record is shown: `empi person show` does that.
    """
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_index
    from empi_pipeline.identity.from_settings import policy_of
    from empi_pipeline.linkage import registry
    from empi_pipeline.linkage.pair_explanation import explain_records
    from empi_pipeline.scratch import open_scratch
    from empi_pipeline.settings import read_settings

    with open_index() as connection, open_scratch(threads=1) as scratch:
        left, right = (_record(connection, each) for each in (first, second))
        if left == right:
            raise ConfigurationError(f"both are record {left}: name two different records")
        registered = registry.active(connection) if model is None else registry.get(connection, model)
        if registered is None:
            raise NotFoundError("no match model is active yet: load some records first")
        told = explain_records(connection, scratch, registered, left, right)
        facts = _facts(connection, left, right, policy_of(read_settings(), connection, registered.model_id))
    reason = decided_by(told, facts)
    if as_json:
        print_json({**asdict(told), "identity": facts and asdict(facts), "decided_by": reason})
    else:
        _print(told, facts, reason)
    _write(told, reason, svg, html)


def _facts(connection: "Connection", left: int, right: int, policy: "Policy") -> "PairFacts | None":
    from empi_pipeline.identity.pair_facts import pair_facts

    try:
        return pair_facts(connection, left, right, policy)
    except NotFoundError as error:
        note(str(error))
        return None


def _record(connection: "Connection", named: str) -> int:
    from empi_pipeline.linkage.pair_explanation import record_of_identity

    if named.isdigit():
        return int(named)
    source, slash, source_person_id = named.partition("/")
    if not slash or not source or not source_person_id:
        raise ConfigurationError("a record is named by its number or as DATA_SOURCE/SOURCE_PERSON_ID")
    return record_of_identity(connection, source, source_person_id)


def decided_by(told: "PairExplanation", facts: "PairFacts | None") -> str:
    """In a sentence, what keeps two records together or apart; the strongest reason only."""
    if facts is None:
        return f"By its score alone the pair is: {told.verdict}."
    return _together(told, facts) if facts.is_one_person else next(_apart(told, facts))


def _apart(told: "PairExplanation", facts: "PairFacts") -> "Iterator[str]":
    """Why they are two persons, the strongest reason first."""
    if facts.decision and facts.decision.kind == "cannot_link":
        yield f"A steward decided that they are two people (change {facts.decision.change_id})."
    for each in facts.decisions_between:
        if each.kind == "cannot_link":
            yield (
                f"A steward decided that records {each.record_id_l} and {each.record_id_r} of these two persons are two"
                f" people (change {each.change_id})."
            )
    if told.verdict != "auto-match":
        yield _not_joined(told, facts)
    if facts.conflict:
        yield f"A guard keeps them apart in spite of the score: {facts.conflict.told}"
    for case_id, kind, reason in facts.cases:
        if reason and kind != "potential_match":
            yield f"They were not joined in spite of the score (case {case_id}). {reason}"
    if facts.conflict_between:
        whose = f"records {facts.conflict_between.record_id_l} and {facts.conflict_between.record_id_r}"
        yield f"A guard keeps their persons apart in spite of the score ({whose}): {facts.conflict_between.told}"
    if not told.rules:
        yield "They would match, but no blocking rule compares them, so no batch ever scores the pair."
    yield "They would match under this model; the index was matched before it, or their batch waits: see a rematch."


def _together(told: "PairExplanation", facts: "PairFacts") -> str:
    why = _joined(told, facts)
    asking = [case_id for case_id, kind, _ in facts.cases if kind == "overlay"]
    return f"{why} Whether they are is asked in case {asking[0]}." if asking else why


def _joined(told: "PairExplanation", facts: "PairFacts") -> str:
    if facts.decision and facts.decision.kind == "must_link":
        return f"A steward decided that they are one person (change {facts.decision.change_id})."
    if told.verdict == "auto-match" and facts.conflict is None:
        return "They are one person by their score."
    if any(each.kind == "must_link" for each in facts.decisions_between):
        return "They are one person by a steward's decision about its records."
    return "They are one person through other records of it; this pair alone would not have been joined."


def _not_joined(told: "PairExplanation", facts: "PairFacts") -> str:
    if facts.cases:
        return f"The score leaves it to a steward: case {facts.cases[0][0]}."
    if told.verdict == "potential match":
        return "The score would leave it to a steward; no case is open."
    return "The score is below the thresholds."


def _print(told: "PairExplanation", facts: "PairFacts | None", reason: str) -> None:
    from empi_pipeline.evaluation.waterfall import waterfall_text

    say(f"records {told.record_id_l} and {told.record_id_r}, model {told.model_name} ({told.model_id}): {told.verdict}")
    say(f"{told.explanation.sentence}\n")
    for line in waterfall_text(told.explanation):
        say(line)
    silent = [each.comparison.replace("_", " ") for each in told.explanation.comparisons if not each.bits]
    if silent:
        say(f"         says nothing: {', '.join(silent)}")
    say(
        f"\nprobability {told.explanation.match_probability:.9f}; potential match above {told.potential_threshold:g},"
        f" auto-match above {told.auto_threshold:g}"
    )
    if told.rules:
        say(f"compared by {len(told.rules)} of {len(told.rules) + told.other_rules} blocking rules:")
        for rule in told.rules:
            say(f"  {rule}")
    else:
        say(f"compared by none of the {told.other_rules} blocking rules")
    if facts is not None:
        if facts.is_one_person:
            say(f"both of person {facts.person_l}")
        else:
            say(f"of two persons: {facts.person_l} and {facts.person_r}")
        if facts.conflict is not None:
            say(f"guard: {facts.conflict.told}")
    say(f"\n{reason}")


def _write(told: "PairExplanation", reason: str, svg: Path | None, html: Path | None) -> None:
    if svg is None and html is None:
        return
    from empi_pipeline.evaluation.page import Section, page, wide
    from empi_pipeline.evaluation.waterfall import waterfall_svg

    title = f"Records {told.record_id_l} and {told.record_id_r}"
    thresholds = {"potential": told.potential_threshold, "auto": told.auto_threshold}
    drawn = waterfall_svg(told.explanation, thresholds, f"{title}: bits of evidence")
    try:
        if svg is not None:
            svg.write_text(drawn + "\n", encoding="utf-8")
        if html is not None:
            section = Section(
                reason, f"Model {told.model_name} ({told.model_id}). {told.explanation.sentence}", wide(drawn)
            )
            html.write_text(page(title, [section], datetime.now(UTC)), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{error.filename}: cannot be written ({error.strerror})") from None
