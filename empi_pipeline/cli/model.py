"""`empi model`: train a match model, look at it, and see what another one would change before activating it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from empi_pipeline.cli.output import Json, note, print_fields, print_json, print_table, say
from empi_pipeline.errors import ConfigurationError, EmpiError

if TYPE_CHECKING:
    from empi_pipeline.automation.model_diff import ModelDiff

app = typer.Typer(
    name="model",
    help="Train, look at and compare match models. `empi config` lists, creates and activates them.",
    no_args_is_help=True,
)

_PLANNED: Final = (
    "persons",
    "persons_after",
    "persons_merged",
    "persons_split",
    "persons_unchanged",
    "records_moved",
    "cases_opened",
    "cases_updated",
    "cases_closed",
    "decisions_contradicted",
)


@app.command("train")
def train(
    name: Annotated[str, typer.Option(help="What to call the new model.")] = "trained",
    start: Annotated[
        str | None, typer.Option("--from", metavar="MODEL", help="Number or name to start from; else the active one.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same records and seed give the same model.")] = 1,
    records: Annotated[int, typer.Option(min=2, help="How many records to sample at most.")] = 100_000,
    prior: Annotated[
        bool, typer.Option("--prior", help="Take the prior found, too; it is right for an index of today's size only.")
    ] = False,
    labels: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Pairs known to be one human or two: a fair sample.")
    ] = None,
    decisions: Annotated[
        bool, typer.Option("--decisions/--no-decisions", help="Whether to learn from what stewards decided.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Train a new match model from the records there are; no labels are needed. It is registered, not activated.

    Look at it with `empi model report`, see with `empi model diff` what it would change, then `empi config activate`.
    A file of labels has the columns data_source_l, source_person_id_l, data_source_r, source_person_id_r, is_match.
    """
    import getpass

    from empi_pipeline.automation.local import pipeline
    from empi_pipeline.cli.progress import progress
    from empi_pipeline.linkage import registry
    from empi_pipeline.linkage.training.of_index import provenance, read_labels

    if labels is not None:
        read_labels(labels)  # What is wrong with it is told before anything starts.
    config = {
        "name": name,
        "start": start or "",
        "seed": seed,
        "most_records": records,
        "learn_prior": prior,
        "use_decisions": decisions,
        "labels": str(labels.resolve()) if labels else "",
        "trained_by": getpass.getuser(),
    }
    with progress("training") as tell, pipeline() as running:
        if start is not None:
            with running.connect() as connection:
                registry.get(connection, start)
        tell("learning from the records; this takes a minute or two")
        outcome = running.run_training(None, config=config)
        if not outcome.success:
            raise EmpiError(f"the training failed: {outcome.error or 'see its run'} (run {outcome.run_id})")
        with running.connect() as connection:
            registered = registry.get(connection, int(outcome.figures["model"]))
            came = provenance(connection, registered.model_id)
    fields: dict[str, Any] = {"model_id": registered.model_id, "name": registered.model.name}
    if came is not None:
        report = came.report
        fields |= {
            "trained_from": came.start_model_id,
            "records": came.records,
            "sampled_records": report.sampled_records,
            "rules_that_taught": sum(rule.skipped is None for rule in report.rules),
            "rules_skipped": sum(rule.skipped is not None for rule in report.rules),
            "labelled_pairs": report.labelled_pairs,
            "decided_pairs": report.decided_pairs,
            "prior": f"{report.prior:.3g}",
            "prior_found": f"{report.prior_learned:.3g}",
        }
        if report.beside is not None:
            fields |= report.beside.figures()
    if as_json:
        print_json(fields)
        return
    print_fields({name.replace("_", " "): value for name, value in fields.items()})
    if registered.model.name != name:
        note(f"the same records, seed and start gave this model before: it is {registered.model.name!r}, not {name!r}")
    if came is None:
        note("training changed nothing: this is the model it started from")
    else:
        if came.report.beside is not None and came.report.beside.is_far_apart:
            note("it joins many other pairs than the model it started from, rightly or not: look before activating it")
        note(f"not active: `empi model diff {came.start_model_id} {registered.model_id}` says what it would change")


@app.command("report")
def report(
    model: Annotated[str | None, typer.Argument(help="Number or name; the active model without it.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the whole report as a page.")] = None,
    records: Annotated[int, typer.Option(min=2, help="How many records to look at, at most.")] = 20_000,
    as_json: Json = False,
) -> None:
    """Tell what a model makes of the index: records it can never match, pairs compared by rule, examples.

    The page also has charts of m, u and weights, of how training came to them, and of every example. It holds counts,
    probabilities and invented people, no value of a record.
    """
    from datetime import UTC, datetime

    from empi_pipeline.cli.index import open_index
    from empi_pipeline.evaluation.example_pairs import EXAMPLES
    from empi_pipeline.evaluation.model_page import model_figures, model_page
    from empi_pipeline.linkage import registry
    from empi_pipeline.linkage.training.of_index import index_size, provenance, sample_of_index
    from empi_pipeline.linkage.training.sampling import sampled
    from empi_pipeline.scratch import open_scratch
    from empi_pipeline.settings import read_settings

    limits = read_settings().scratch
    with open_index() as connection, open_scratch(memory_limit=limits.memory, threads=limits.threads) as scratch:
        found = registry.ensure_active(connection) if model is None else registry.get(connection, model)
        sample = sampled(scratch, sample_of_index(connection, 1, records), 1, records).drop_columns(["original_id"])
        learnt = registry.term_frequencies(connection, found.model_id)
        figures = model_figures(scratch, found, learnt, sample, index_size(connection))
        came = provenance(connection, found.model_id)
    if html is not None:
        try:
            html.write_text(model_page(found, came, figures, datetime.now(UTC)), encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(f"{html}: cannot be written ({error.strerror})") from None
    fields = {
        "model_id": found.model_id,
        "name": found.model.name,
        "trained_from": came and came.start_model_id,
        "records": figures.records,
        "records_looked_at": figures.sampled_records,
        "unlinkable_at_auto": figures.unlinkable(found.model.auto_threshold),
        "unlinkable_at_potential": figures.unlinkable(found.model.potential_threshold),
        "pairs_compared": sum(rule.new_pairs for rule in figures.rules),
        "largest_block": max((size for _, size in figures.largest_blocks), default=0),
    }
    rules = [{"rule": rule.rule, "pairs": rule.pairs, "new_pairs": rule.new_pairs} for rule in figures.rules]
    examples = [
        {"example": each.title, "match_weight": told.explanation.match_weight, "verdict": told.verdict}
        for each, told in zip(EXAMPLES, figures.examples, strict=True)
    ]
    if as_json:
        print_json({**fields, "rules": rules, "examples": examples})
        return
    print_fields({name.replace("_", " "): value for name, value in fields.items()})
    say("")
    print_table(("pairs", "new", "blocking rule"), [(each["pairs"], each["new_pairs"], each["rule"]) for each in rules])
    say("")
    print_table(
        ("bits", "by score alone", "example of invented people"),
        [(f"{each['match_weight']:+.1f}", each["verdict"], each["example"]) for each in examples],
    )


@app.command("diff")
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="Number or name of a model.")],
    after: Annotated[str, typer.Argument(metavar="B", help="Number or name of another.")],
    as_json: Json = False,
) -> None:
    """Compare two models: their probabilities and thresholds, and what each would make of the index. Changes nothing.

    The index is scored with both, and a plan of what would follow for persons and review cases is made for each.
    A model that never met records takes its term frequencies from those of today.
    """
    from dataclasses import asdict

    from empi_pipeline.automation.model_diff import diff_models
    from empi_pipeline.cli.index import open_servers
    from empi_pipeline.cli.progress import progress
    from empi_pipeline.scratch import open_scratch
    from empi_pipeline.settings import read_settings

    settings = read_settings()
    limits = settings.scratch
    with (
        progress("comparing") as tell,
        open_servers() as connect,
        open_scratch(memory_limit=limits.memory, threads=limits.threads) as scratch,
    ):
        found = diff_models(connect, scratch, settings, before, after, tell)
    if as_json:
        print_json(asdict(found))
        return
    _print_diff(found)


def _print_diff(found: "ModelDiff") -> None:
    print_table(
        ("if active", f"{found.before.name} ({found.before.model_id})", f"{found.after.name} ({found.after.model_id})"),
        [(name.replace("_", " "), found.before.plan[name], found.after.plan[name]) for name in _PLANNED],
    )
    say(f"\nrecords whose person the two would have otherwise: {found.records_placed_otherwise:,}")
    if found.parameters:
        say("")
        print_table(
            ("comparison", "level", "m A", "m B", "u A", "u B", "bits A", "bits B"),
            [
                (
                    each.comparison,
                    each.level,
                    *(None if value is None else f"{value:.3g}" for value in (each.m_a, each.m_b, each.u_a, each.u_b)),
                    *(None if value is None else f"{value:+.1f}" for value in (each.bits_a, each.bits_b)),
                )
                for each in found.parameters
            ],
        )
    for name, values in found.settings.items():
        say(f"{name}: {values[0]} -> {values[1]}")
    if not found.parameters and not found.settings:
        say("\nthe models do not differ in their probabilities, rules and thresholds")
    note("nothing was changed: `empi config activate` makes a model the active one, `empi rematch` applies it")
