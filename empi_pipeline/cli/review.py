"""`empi review`: the review queue, a case with its persons, records and pairs, and answering it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from empi_pipeline.cli import decide, moments
from empi_pipeline.cli.evaluate_samples import list_open
from empi_pipeline.cli.output import Json, note, print_fields, print_json, print_table, say, shown

if TYPE_CHECKING:
    from empi_pipeline.identity.case_reasons import Obstacle
    from empi_pipeline.identity.queries import Case, Pair
    from empi_pipeline.linkage import Explanation
    from empi_pipeline.postgres import Connection

app = typer.Typer(name="review", help="The review queue of data stewards: list, show, decide.", no_args_is_help=True)
decide.add_to(app)


@app.command("list")
def list_cases(
    kind: Annotated[str | None, typer.Option(help="potential_match, overlay, conflict, or evaluation.")] = None,
    closed: Annotated[bool, typer.Option("--closed", help="Closed cases instead of open ones.")] = False,
    data_source: Annotated[str | None, typer.Option("--data-source", help="About a record of this source.")] = None,
    source_person_id: Annotated[str | None, typer.Option(help="About this source_person_id.")] = None,
    last_name: Annotated[str | None, typer.Option(help="About a last name that begins with this.")] = None,
    first_name: Annotated[str | None, typer.Option(help="About a first name that begins with this.")] = None,
    birth_date: Annotated[str | None, typer.Option(help="About a birth date that begins with this.")] = None,
    person: Annotated[str | None, typer.Option(help="About a person whose id begins with this.")] = None,
    record: Annotated[int | None, typer.Option(help="About a person with this record.")] = None,
    opened_since: Annotated[
        str | None, typer.Option(metavar=moments.METAVAR, help=f"Opened then or later: {moments.FORMS}.")
    ] = None,
    opened_before: Annotated[
        str | None, typer.Option(metavar=moments.METAVAR, help="Opened before then; 7d: waiting for more than a week.")
    ] = None,
    min_probability: Annotated[
        float | None, typer.Option(min=0, max=1, help="With a match probability of at least this.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    after: Annotated[
        int | None, typer.Option(metavar="CASE", help="Go on after this case, the last of the page before.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List review cases, the most urgent first; with --kind evaluation, sampled pairs that wait to be judged."""
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_index
    from empi_pipeline.errors import ConfigurationError
    from empi_pipeline.identity import queries

    if kind == "evaluation":
        list_open(limit, as_json)
        return
    if kind is not None and kind not in queries.KINDS:
        raise ConfigurationError(f"--kind {kind}: must be one of {', '.join(queries.KINDS)}, evaluation")
    since = moments.optional_moment("--opened-since", opened_since)
    before = moments.optional_moment("--opened-before", opened_before)
    filters: dict[str, Any] = {
        "kind": kind,
        "data_source": data_source,
        "source_person_id": source_person_id,
        "first_name": first_name,
        "last_name": last_name,
        "birth_date": birth_date,
        "person_id": person,
        "record_id": record,
        "opened_since": since,
        "opened_before": before,
        "min_probability": min_probability,
    }
    with open_index() as connection:
        status = "closed" if closed else "open"
        found = queries.list_cases(connection, status=status, limit=limit + 1, after=after, **filters)
    more, found = len(found) > limit, found[:limit]
    if as_json:
        print_json([asdict(each) for each in found])
        return
    if not found:
        filtered = closed or any(value is not None for value in filters.values())
        note("no case behind it" if after is not None else "no such case" if filtered else "the review queue is empty")
        return
    print_table(
        (
            "case",
            "kind",
            "version",
            "bits",
            "probability",
            "persons",
            "records",
            "opened",
            "first record",
            "sources",
            "reason",
        ),
        [
            (
                each.case_id,
                each.kind,
                each.version,
                _rounded(each.max_match_weight, 1),
                _rounded(each.max_match_probability, 4),
                each.person_count,
                each.record_count,
                each.opened_at,
                " ".join(filter(None, (each.first_name, each.last_name))),
                each.data_sources,
                each.reason,
            )
            for each in found
        ],
    )
    if more:
        note(f"there are more: --after {found[-1].case_id}")


@app.command("show")
def show(case: Annotated[int, typer.Argument(metavar="CASE", help="Its number.")], as_json: Json = False) -> None:
    """Show a case: its persons with their records as delivered, per pair what speaks for and against it, and notes."""
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_index
    from empi_pipeline.cli.notes import print_notes
    from empi_pipeline.cli.person import print_decisions, print_records
    from empi_pipeline.identity import queries
    from empi_pipeline.identity.notes import notes_about

    with open_index() as connection:
        found = queries.show_case(connection, case)
        explanations = _explained(connection, found)
        in_the_way = _in_the_way(connection, found)
        notes = notes_about(connection, case_id=case)
    if as_json:
        document = asdict(found)
        for told, explanation, (obstacle, words) in zip(document["pairs"], explanations, in_the_way, strict=True):
            told["reason_in_words"] = words
            told["in_the_way"] = obstacle and asdict(obstacle)
            told["explanation"] = explanation and asdict(explanation)
        print_json({**document, "notes": [asdict(each) for each in notes]})
        return
    _print_case(found)
    for person in found.persons:
        say(f"\nperson {person.person_id}@{person.version}, {person.record_count:,} record(s)")
        print_records(person)
    for pair, explanation, (_, words) in zip(found.pairs, explanations, in_the_way, strict=True):
        _print_pair(pair, words, explanation)
    print_decisions(found.decisions)
    print_notes(notes)


def _explained(connection: "Connection", case: "Case") -> "list[Explanation | None]":
    """Why each pair has its weight, by the model that scored it; None for pairs that were never scored."""
    from empi_pipeline.linkage import explain, registry

    model_ids = {pair.model_id for pair in case.pairs if pair.model_id is not None}
    models = {model_id: registry.get(connection, model_id).model for model_id in sorted(model_ids)}
    return [
        explain(models[pair.model_id], pair.levels, pair.weights)
        if pair.model_id is not None and pair.levels is not None and pair.weights is not None
        else None
        for pair in case.pairs
    ]


def _in_the_way(connection: "Connection", case: "Case") -> "list[tuple[Obstacle | None, str | None]]":
    """Per pair what stands in the way of a join, and the reason as a sentence."""
    if case.status != "open" or case.kind == "potential_match":
        return [(None, pair.reason_in_words) for pair in case.pairs]  # What works it out is not even imported.
    from empi_pipeline.cli.saving import policy
    from empi_pipeline.identity.obstacles import reasons_in_words

    return reasons_in_words(connection, case, policy(connection))


def _print_case(case: "Case") -> None:
    from empi_pipeline.identity.case_reasons import in_words

    fields: dict[str, Any] = {
        "case": case.case_id,
        "kind": case.kind,
        "status": case.status,
        "version": case.version,
        "opened": case.opened_at,
        "reason": in_words(case.reason),
    }
    if case.closed_reason:
        fields["closed because"] = case.closed_reason
    if case.superseded_by:
        fields["superseded by case"] = case.superseded_by
    print_fields(fields)


def _print_pair(pair: "Pair", reason_in_words: str | None, explanation: "Explanation | None") -> None:
    weight = "not scored" if pair.match_weight is None else f"{pair.match_weight:+.1f} bits"
    probability = "" if pair.match_probability is None else f", probability {pair.match_probability:.6f}"
    say(f"\nrecords {pair.record_id_l} and {pair.record_id_r}: {weight}{probability}")
    if pair.reason and pair.reason != "potential_match":  # Which the case says itself.
        say(f"  {reason_in_words}")
    if explanation is None:
        return
    say(f"  {explanation.sentence}")
    say(f"  {explanation.prior_bits:+6.1f}  before anything is compared")
    silent = [each.comparison for each in explanation.comparisons if each.level == "missing" and not each.bits]
    for each in sorted(explanation.comparisons, key=lambda told: -told.bits):
        if each.comparison not in silent:
            say(f"  {each.bits:+6.1f}  {each.comparison}: {each.level}")
    if silent:
        say(f"          missing: {', '.join(silent)}")


def _rounded(value: float | None, digits: int) -> str:
    return shown(None) if value is None else f"{value:.{digits}f}"
