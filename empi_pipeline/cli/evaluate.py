"""`empi evaluate`: how good the index is, against known truth, by stewards' blind answers, and in rates over time."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from empi_pipeline.cli import evaluate_samples, moments
from empi_pipeline.cli.output import Json, note, print_json, print_table, say
from empi_pipeline.cli.saving import Actor

if TYPE_CHECKING:
    from empi_pipeline.evaluation.against_truth import AgainstTruth


class _TruthFirst(typer.core.TyperGroup):
    """`empi evaluate TRUTH.csv` is short for `empi evaluate truth TRUTH.csv`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the command before a file."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["truth", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    name="evaluate",
    cls=_TruthFirst,
    help="How good the index is: `empi evaluate TRUTH.csv` against known truth; without truth by samples and rates.",
    no_args_is_help=True,
)

Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Also write a page with plots.")]
Keep = Annotated[bool, typer.Option("--keep", help="Keep the figures in the history of rates.")]

evaluate_samples.add_to(app)


@app.command("truth")
def truth(
    file: Annotated[
        Path, typer.Argument(metavar="TRUTH", help="CSV, TSV or Parquet: data_source, source_person_id, human.")
    ],
    human: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column that says which human; found by name without it.")
    ] = None,
    keep: Keep = False,
    actor: Actor = None,
    html: Html = None,
    as_json: Json = False,
) -> None:
    """Compare the index with known truth: figures, thresholds, and errors by kind.

    Source identities with the same text in the column `human` (or cluster, entity_id, ...) are one human. The truth may
    name some source identities only; those alone are compared, with one another. Changes no identity.
    """
    from empi_pipeline.cli.index import open_servers
    from empi_pipeline.evaluation import against_truth
    from empi_pipeline.evaluation.truth import read_truth
    from empi_pipeline.evaluation.truth_page import truth_page

    known = read_truth(file, human)
    with open_servers() as connect:
        with connect() as connection:
            found = against_truth.measure(connection, known)
        if keep:
            from empi_pipeline.cli.saving import acting
            from empi_pipeline.evaluation.history import keep_truth

            with connect() as connection:
                keep_truth(connection, found, acting(actor))
    if html is not None:
        html.write_text(truth_page(found, file.name), encoding="utf-8")
        note(f"written: {html}")
    if as_json:
        print_json(_truth_as_json(found))
    else:
        _print_truth(found)


def _truth_as_json(found: "AgainstTruth") -> dict[str, Any]:
    from dataclasses import asdict

    return {
        **asdict(found),
        "identities": found.identities.as_figures(),
        "records": found.records.as_figures(),
        "thresholds": [
            {**asdict(each), "precision": each.precision, "recall": each.recall, "f1": each.f1}
            for each in found.thresholds
        ],
        "overlay_rate": found.overlay_rate,
        "missed_in_review": found.missed_in_review,
    }


def _print_truth(found: "AgainstTruth") -> None:
    from empi_pipeline.evaluation.truth_page import JOINED_BY, KINDS, figures_table

    say(
        f"{found.in_index:,} of the {found.named:,} source identities of the truth are in the index"
        f" ({found.named - found.in_index:,} are not); the index has {found.indexed:,}.\n"
    )
    print_table(
        ("", "source identities", "record versions"),
        [(name, *map(_shown, values)) for name, *values in figures_table(found)],
    )
    say("\nJoining every scored pair above a weight, before clustering and guards:")
    auto = [("auto", found.auto)] if found.auto else []
    steps = [
        (f"{each.above_bits:+.0f} bits", each) for each in found.thresholds[:: max(1, len(found.thresholds) // 12)]
    ]
    print_table(
        ("above", "pairs", "precision", "recall", "F1"),
        [
            (name, each.pairs, f"{each.precision:.4f}", f"{each.recall:.4f}", f"{each.f1:.4f}")
            for name, each in (*auto, *steps)
        ],
    )
    say("\nFalse joins, in pairs of source identities:" + ("" if found.false_joins else " none"))
    _print_rows(
        ("kind", "joined by", "in common", "pairs"),
        [
            (KINDS[each.kind], JOINED_BY.get(each.joined_by, each.joined_by), each.in_common, each.pairs)
            for each in found.false_joins[:12]
        ],
    )
    say("\nMissed pairs:" + ("" if found.missed else " none"))
    _print_rows(
        ("kind", "a case is open", "pairs"), [(KINDS[each.kind], each.in_review, each.pairs) for each in found.missed]
    )
    if found.missed_in_review is not None:
        say(f"\n{100 * found.missed_in_review:.1f} % of the missed pairs are in review.")


@app.command("blocking")
def blocking(
    comparisons: Annotated[
        int, typer.Option(min=1, help="About how many pairs to compare without blocking.")
    ] = 20_000_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed on the same index draws the same records.")] = 1,
    as_json: Json = False,
) -> None:
    """Estimate how many matches the blocking rules never bring together, without any truth."""
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_servers
    from empi_pipeline.evaluation.blocking import caught_by_rules, compare_with_all
    from empi_pipeline.scratch import open_scratch
    from empi_pipeline.settings import read_settings

    limits = read_settings().scratch
    with open_servers() as connect, open_scratch(memory_limit=limits.memory, threads=limits.threads) as scratch:
        with connect() as connection:
            rules = caught_by_rules(connection)
        sampled = compare_with_all(connect, scratch, comparisons=comparisons, seed=seed)
    if as_json:
        print_json({"rules": {**asdict(rules), "share_missed": rules.share_missed}, "sample": asdict(sampled)})
        return
    say("Auto-matches by how many blocking rules bring them together:")
    print_table(("rules", "pairs"), [(str(number), pairs) for number, pairs in enumerate(rules.caught, 1) if pairs])
    print_table(
        ("rule", "pairs", "only by it"),
        sorted(((name, *caught) for name, caught in rules.by_rule.items()), key=lambda row: -row[1]),
    )
    missed = rules.missed
    say(
        f"\nFrom the rules: about {missed.estimate:,.0f} ({missed.low:,.0f} to {missed.high:,.0f}) more that no rule"
        f" finds, {100 * rules.share_missed:.3f} % of all."
        f"\nFrom {sampled.records:,} records compared with all ({sampled.comparisons:,} pairs): {sampled.missed:,} of"
        f" {sampled.found:,} auto-matches are found by no rule, {100 * sampled.share_missed.estimate:.3f} %"
        f" ({100 * sampled.share_missed.low:.3f} to {100 * sampled.share_missed.high:.3f})."
        "\nPairs that differ so much that the model gives them up are in neither figure."
    )


def _print_rows(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    if rows:
        print_table(header, rows)


@app.command("rates")
def rates(
    keep: Keep = False,
    actor: Actor = None,
    since: Annotated[
        str | None, typer.Option(metavar=moments.METAVAR, help=f"Draw the history from then on: {moments.FORMS}.")
    ] = None,
    html: Html = None,
    as_json: Json = False,
) -> None:
    """Print the duplicate, creation, overlap and overlay rates, and match rates by subgroup, as they are now.

    Looks at every record. The asset evaluation/rates keeps the same figures once a day; --html draws them over time.
    """
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_servers
    from empi_pipeline.evaluation.history import history, keep_rates
    from empi_pipeline.evaluation.rates import measure_rates
    from empi_pipeline.evaluation.rates_page import rates_page
    from empi_pipeline.evaluation.tasks import with_estimates
    from empi_pipeline.settings import read_settings

    limits = read_settings().evaluation
    begin = moments.optional_moment("--since", since)
    with open_servers() as connect:
        with connect() as connection:
            found = measure_rates(connection, created_days=limits.created_days, smallest_group=limits.smallest_group)
        with connect() as connection:
            found = with_estimates(connection, found)
            if keep:
                from empi_pipeline.cli.saving import acting

                keep_rates(connection, found, acting(actor))
            if html is not None:
                past, by_source = (history(connection, dimension, begin) for dimension in ("all", "data_source"))
                html.write_text(rates_page(found, past, by_source), encoding="utf-8")
                note(f"written: {html}")
    if as_json:
        print_json(asdict(found))
        return
    print_table(
        ("rate", "by", "group", "value", "count", "of"),
        [
            (
                each.rate.replace("_", " "),
                each.dimension.replace("_", " "),
                each.label,
                f"{100 * each.value:.3f} %",
                each.numerator,
                each.denominator,
            )
            for each in found.rates
        ],
    )


def _shown(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
