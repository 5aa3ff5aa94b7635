"""`empi evaluate sample|next|answer|estimate|findings`: how good the index is by stewards' blind answers."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from empi_pipeline.cli.output import Json, note, print_json, print_table, say, shown
from empi_pipeline.cli.saving import Actor

if TYPE_CHECKING:
    from empi_pipeline.evaluation.estimate import Answered, Estimate
    from empi_pipeline.evaluation.limits import Interval
    from empi_pipeline.evaluation.tasks import Question, Sample

SampleNumber = Annotated[int | None, typer.Option("--sample", min=1, help="Number of the sample; the newest without.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("sample")(sample)
    app.command("next")(next_question)
    app.command("answer")(answer)
    app.command("estimate")(estimate)
    app.command("findings")(findings)


def sample(
    pairs: Annotated[int, typer.Option(min=1, max=50_000, help="How many pairs to ask about.")] = 200,
    allocation: Annotated[
        str, typer.Option(help="equal: each stratum alike; neyman: most where most pairs and most doubt are.")
    ] = "equal",
    seed: Annotated[int, typer.Option(min=0, help="The same seed on the same index draws the same pairs.")] = 1,
    below: Annotated[
        float, typer.Option(min=0, max=30, metavar="BITS", help="How far below the potential threshold to look.")
    ] = 10.0,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Draw pairs for stewards to judge, stratified by match weight.

    Scores the index, or a part of a large one, once more to see what lies below the potential threshold; --below 0 asks
    only about stored predictions.
    """
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_servers
    from empi_pipeline.cli.saving import acting
    from empi_pipeline.errors import ConfigurationError
    from empi_pipeline.evaluation.frame import read_frame
    from empi_pipeline.evaluation.tasks import answered, make_sample
    from empi_pipeline.scratch import open_scratch
    from empi_pipeline.settings import read_settings

    if allocation not in {"equal", "neyman"}:
        raise ConfigurationError(f"--allocation {allocation}: must be equal or neyman")
    who, limits = acting(actor), read_settings().scratch
    with open_servers() as connect:
        with open_scratch(memory_limit=limits.memory, threads=limits.threads) as scratch:
            frame = read_frame(connect, scratch, below, seed)
        with connect() as connection:
            made = make_sample(
                connection,
                frame,
                pairs=pairs,
                actor=who,
                seed=seed,
                allocation="neyman" if allocation == "neyman" else "equal",
                below_bits=below,
            )
            strata = answered(connection, made.sample_id)
    if as_json:
        print_json({**asdict(made), "strata": [asdict(each) for each in strata]})
        return
    say(f"sample {made.sample_id}: {sum(each.open for each in strata):,} pairs to judge\n")
    _print_strata(strata)
    say(
        f"\n{made.pairs_unscored:,} pairs within persons have no score of their own (joined through other records, or"
        " by decision) and are not covered.\nStewards: `empi evaluate next`, then `empi evaluate answer PAIR same`."
    )


def next_question(sample_number: SampleNumber = None, as_json: Json = False) -> None:
    """Show the next pair that waits for an answer: two records, without what the index thinks of them."""
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_index
    from empi_pipeline.evaluation.tasks import questions

    with open_index() as connection:
        found = questions(connection, sample_id=sample_number, limit=1)
    if as_json:
        print_json(asdict(found[0]) if found else None)
    elif found:
        print_question(found[0])
        say(f"\nOne human? empi evaluate answer {found[0].pair_id} same|different|unsure")
    else:
        note("no pair waits for an answer")


def answer(
    pair: Annotated[int, typer.Argument(metavar="PAIR", help="Its number.")],
    said: Annotated[str, typer.Argument(metavar="same|different|unsure", help="Whether the two are one human.")],
    actor: Actor = None,
    why: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why; kept with the answer.")] = None,
    as_json: Json = False,
) -> None:
    """Answer whether a sampled pair is one human. Changes no identity; `empi evaluate findings` tells more."""
    from empi_pipeline.cli.index import open_index
    from empi_pipeline.cli.saving import acting
    from empi_pipeline.errors import ConfigurationError
    from empi_pipeline.evaluation import tasks

    spoken = next((each for each in tasks.ANSWERS if each == said), None)
    if spoken is None:
        raise ConfigurationError(f"{said}: answer {', '.join(tasks.ANSWERS[:-1])} or {tasks.ANSWERS[-1]}")
    who = acting(actor)
    with open_index() as connection:
        number = tasks.answer(connection, pair, spoken, actor=who, note=why)
    if as_json:
        print_json({"answer_id": number, "pair_id": pair, "answer": spoken, "actor": who})
    else:
        say(f"kept: pair {pair} is {spoken if spoken != 'unsure' else 'uncertain'}, says {who}")


def estimate(
    sample_number: SampleNumber = None,
    within: Annotated[
        float, typer.Option(min=0.0001, max=0.5, help="Say how many answers more bring precision and recall so close.")
    ] = 0.01,
    as_json: Json = False,
) -> None:
    """Estimate precision and recall from the answers, with 95 % confidence limits."""
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_index
    from empi_pipeline.evaluation.estimate import answers_needed, estimates
    from empi_pipeline.evaluation.tasks import answered, get_sample

    with open_index() as connection:
        found = get_sample(connection, sample_number)
        strata = answered(connection, found.sample_id)
    told = estimates(strata)
    needed = {measure: answers_needed(strata, within, measure=measure) for measure in ("precision", "recall")}
    if as_json:
        document = {"strata": [asdict(each) for each in strata], "estimates": [asdict(each) for each in told]}
        print_json({**asdict(found), **document, "within": within, "answers_needed": needed})
        return
    _print_estimates(found, strata, told)
    say("")
    for measure, more in needed.items():
        if more is None:
            say(f"{measure} to ±{within:g}: not within reach by answering more pairs of this kind")
        else:
            say(f"{measure} to ±{within:g}: {f'about {more:,} answers more' if more else 'reached'}")


def findings(
    open_cases: Annotated[
        bool, typer.Option("--open-cases", help="Open review cases about those that no case asks about.")
    ] = False,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """List answers that the index contradicts now, and where a steward decides about them."""
    from dataclasses import asdict
    from functools import partial

    from empi_pipeline.cli.index import open_index
    from empi_pipeline.cli.saving import carry_out
    from empi_pipeline.evaluation import tasks
    from empi_pipeline.identity.reports import report

    with open_index() as connection:
        found = tasks.findings(connection)
    unasked = tasks.reports(found)
    if open_cases and unasked:
        carry_out(partial(report, reports=unasked, note="answers to evaluation questions"), actor, as_json)
    elif as_json:
        print_json([{**asdict(each), "to_do": each.to_do} for each in found])
    elif not found:
        say("no answer contradicts the index")
    else:
        print_table(
            ("pair", "answer", "by", "at", "records", "look, then decide"),
            [
                (
                    each.pair_id,
                    each.answer,
                    each.actor,
                    each.answered_at,
                    f"{each.record_id_l} {each.record_id_r}",
                    each.to_do,
                )
                for each in found
            ],
        )
        if unasked:
            note("`empi evaluate findings --open-cases` puts those without a case into the review queue")


def list_open(limit: int, as_json: bool) -> None:
    """What `empi review list --kind evaluation` shows: sampled pairs that wait for an answer."""
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_index
    from empi_pipeline.evaluation.tasks import questions

    with open_index() as connection:
        found = questions(connection, limit=limit)
    if as_json:
        print_json([asdict(each) for each in found])
    elif not found:
        note("no sampled pair waits for an answer")
    else:
        print_table(
            ("pair", "sample", "first record", "second record", "sources"),
            [
                (
                    each.pair_id,
                    each.sample_id,
                    _called(each.left),
                    _called(each.right),
                    sorted({each.left["data_source"] or "", each.right["data_source"] or ""}),
                )
                for each in found
            ],
        )
        note("`empi evaluate next` shows the first of them, `empi evaluate answer PAIR same|different|unsure` answers")


def print_question(question: "Question") -> None:
    """The two records side by side; columns that neither has are left out."""
    say(f"pair {question.pair_id}")
    print_table(
        ("", f"record {question.left_record_id}", f"record {question.right_record_id}"),
        [
            (name, value, question.right[name])
            for name, value in question.left.items()
            if value is not None or question.right[name] is not None
        ],
    )


def _called(values: dict[str, str | None]) -> str:
    return " ".join(filter(None, (values["first_name"], values["last_name"]))) or shown(None)


def _print_strata(strata: "list[Answered]") -> None:
    print_table(
        ("stratum", "match weight", "in one person", "pairs", "same", "different", "unsure", "open", "share same"),
        [
            (
                each.stratum.number,
                f"{each.stratum.low:+.1f} to {'' if each.stratum.high is None else f'{each.stratum.high:+.1f}'}",
                each.stratum.joined,
                each.stratum.population,
                each.same,
                each.different,
                each.unsure,
                each.open,
                _between(each.share) if each.same + each.different else None,
            )
            for each in strata
        ],
    )


def _print_estimates(sample: "Sample", strata: "list[Answered]", told: "list[Estimate]") -> None:
    say(f"sample {sample.sample_id} of {sample.made_at:%Y-%m-%d}, identity change {sample.change_id}\n")
    _print_strata(strata)
    silent = [str(each.stratum.number) for each in strata if not each.same + each.different]
    if silent:
        say(f"\nWithout answers, anything is possible in strata {', '.join(silent)}.")
    say("")
    rows: list[tuple[Any, ...]] = [
        (_way(each, sample), each.pairs, _between(each.precision), _between(each.recall)) for each in told
    ]
    print_table(("pairs that count as matches", "pairs", "precision (95 %)", "recall (95 %)"), rows)
    say(
        "\nRecall is among the pairs that the blocking rules bring together and that score above the lowest stratum;"
        "\n`empi evaluate blocking` estimates what these rules miss."
    )


def _way(told: "Estimate", sample: "Sample") -> str:
    if told.bits is None:
        return "in one person now"
    named = {sample.potential_bits: ", the potential threshold", sample.auto_bits: ", the auto threshold"}
    return f"above {told.bits:+.1f} bits{named.get(told.bits, '')}"


def _between(interval: "Interval") -> str:
    return f"{interval.estimate:.4f} ({interval.low:.4f} to {interval.high:.4f})"
