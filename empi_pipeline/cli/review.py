"""`empi review`: the review queue, and a case with its persons, records and pairs."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from empi_pipeline.cli.output import Json, note, print_fields, print_json, print_table, say, shown

if TYPE_CHECKING:
    from empi_pipeline.identity.queries import Case, Pair, Person
    from empi_pipeline.postgres import Connection

app = typer.Typer(name="review", help="The review queue of data stewards: list, show.", no_args_is_help=True)


@app.command("list")
def list_cases(
    kind: Annotated[str | None, typer.Option(help="potential_match, overlay or conflict.")] = None,
    closed: Annotated[bool, typer.Option("--closed", help="Closed cases instead of open ones.")] = False,
    data_source: Annotated[str | None, typer.Option("--data-source", help="About a record of this source.")] = None,
    source_person_id: Annotated[str | None, typer.Option(help="About this source_person_id.")] = None,
    last_name: Annotated[str | None, typer.Option(help="About a last name that contains this.")] = None,
    first_name: Annotated[str | None, typer.Option(help="About a first name that contains this.")] = None,
    birth_date: Annotated[str | None, typer.Option(help="About a birth date that starts with this.")] = None,
    person: Annotated[str | None, typer.Option(help="About a person whose id starts with this.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    as_json: Json = False,
) -> None:
    """List review cases, the most urgent first."""
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_index
    from empi_pipeline.errors import ConfigurationError
    from empi_pipeline.identity import queries

    if kind is not None and kind not in queries.KINDS:
        raise ConfigurationError(f"--kind {kind}: must be one of {', '.join(queries.KINDS)}")
    with open_index() as connection:
        found = queries.list_cases(
            connection,
            kind=kind,
            status="closed" if closed else "open",
            data_source=data_source,
            source_person_id=source_person_id,
            first_name=first_name,
            last_name=last_name,
            birth_date=birth_date,
            person_id=person,
            limit=limit,
        )
    if as_json:
        print_json([asdict(each) for each in found])
    elif not found:
        note("no such case" if closed or kind else "the review queue is empty")
    else:
        print_table(
            (
                "case",
                "kind",
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


@app.command("show")
def show(case: Annotated[int, typer.Argument(metavar="CASE", help="Its number.")], as_json: Json = False) -> None:
    """Show a case: its persons with their records as delivered, and per pair what speaks for and against it."""
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_index
    from empi_pipeline.identity import queries

    with open_index() as connection:
        found = queries.show_case(connection, case)
        names = _comparison_names(connection, found)
    if as_json:
        document = asdict(found)
        for pair in document["pairs"]:
            pair["comparisons"] = names.get(pair["model_id"])
        print_json(document)
        return
    _print_case(found)
    for person in found.persons:
        _print_person(person)
    for pair in found.pairs:
        _print_pair(pair, names)


def _comparison_names(connection: "Connection", case: "Case") -> dict[int, list[str]]:
    from empi_pipeline.linkage import registry

    model_ids = {pair.model_id for pair in case.pairs if pair.model_id is not None}
    return {model_id: registry.get(connection, model_id).model.comparison_names for model_id in sorted(model_ids)}


def _print_case(case: "Case") -> None:
    fields: dict[str, Any] = {
        "case": case.case_id,
        "kind": case.kind,
        "status": case.status,
        "version": case.version,
        "opened": case.opened_at,
        "reason": case.reason,
    }
    if case.closed_reason:
        fields["closed because"] = case.closed_reason
    if case.superseded_by:
        fields["superseded by case"] = case.superseded_by
    print_fields(fields)


def _print_person(person: "Person") -> None:
    say(f"\nperson {person.person_id}, {person.record_count:,} record(s)")
    filled = [
        name
        for name in (person.records[0].values if person.records else ())
        if any(r.values[name] for r in person.records)
    ]
    print_table(
        ("record", *filled),
        [(record.record_id, *(record.values[name] for name in filled)) for record in person.records],
    )


def _print_pair(pair: "Pair", names: dict[int, list[str]]) -> None:
    weight = "not scored" if pair.match_weight is None else f"{pair.match_weight:+.1f} bits"
    probability = "" if pair.match_probability is None else f", probability {pair.match_probability:.6f}"
    say(f"\nrecords {pair.record_id_l} and {pair.record_id_r}: {weight}{probability}")
    if pair.reason:
        say(f"  {pair.reason}")
    if pair.weights is None or pair.model_id is None:
        return
    told = zip(names[pair.model_id], pair.weights, pair.levels or (), strict=True)
    for name, bits, level in sorted(told, key=lambda each: -each[1]):
        say(f"  {bits:+6.1f}  {name}" + ("  (missing)" if level == -1 else ""))


def _rounded(value: float | None, digits: int) -> str:
    return shown(None) if value is None else f"{value:.{digits}f}"
