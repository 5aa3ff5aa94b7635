"""Training: a new match model learned from the records of the index, with the report of how."""

import getpass
from pathlib import Path
from typing import Any

import dagster as dg

from empi_pipeline.assets.tables import markdown_table
from empi_pipeline.identity.judged_pairs import judged_pairs
from empi_pipeline.linkage.training.of_index import read_labels, train_on_index
from empi_pipeline.linkage.training.report import TrainingReport
from empi_pipeline.linkage.training.train import TrainingChoices
from empi_pipeline.resources import PostgresResource, ScratchResource


class TrainingConfig(dg.Config):
    """How to train.

    Attributes:
        name: Of the new model.
        start: Number or name of the model to start from; the active one when empty.
        seed: Of the sample; the same records and seed give the same model.
        most_records: Records to sample.
        learn_prior: Take the prior that was found, too.
        use_decisions: Learn also from what stewards decided.
        labels: Path of a CSV file with labelled pairs, readable where the run runs; none when empty.
        trained_by: Who asks for it; the user of the process when empty.
    """

    name: str = "trained"
    start: str = ""
    seed: int = 1
    most_records: int = 100_000
    learn_prior: bool = False
    use_decisions: bool = True
    labels: str = ""
    trained_by: str = ""


@dg.asset(
    key=["matching", "model_training"],
    deps=[["matching", "model"]],
    group_name="training",
    kinds={"splink", "duckdb"},
    owners=["team:linkage"],
)
def model_training(
    config: TrainingConfig, postgres: PostgresResource, scratch: ScratchResource
) -> dg.MaterializeResult[None]:
    """A match model trained from the records there are, and where it comes from. It is registered, never activated.

    u from random pairs, m by expectation maximisation with every blocking rule, from labels and from decisions of
    stewards; all drawn towards the model that training starts from. `empi model diff` says what activating it would
    change.
    """
    labels = read_labels(Path(config.labels)) if config.labels else None
    decisions = None
    if config.use_decisions:
        with postgres.connect() as connection:
            decisions = judged_pairs(connection)
    with scratch.open() as con:
        registered, trained = train_on_index(
            postgres.connect,
            con,
            name=config.name,
            trained_by=config.trained_by or getpass.getuser(),
            start=config.start or None,
            choices=TrainingChoices(
                seed=config.seed, most_records=config.most_records, learns_prior=config.learn_prior
            ),
            labels=labels,
            decisions=decisions,
        )
    return dg.MaterializeResult(
        metadata={"model": registered.model_id, "name": registered.model.name, **_told(trained.report)},
        data_version=dg.DataVersion(registered.model.digest),
    )


def _told(report: TrainingReport) -> dict[str, Any]:
    """Counts and probabilities; no value of a record is in a report."""
    return {
        "records": report.records,
        "sampled records": report.sampled_records,
        "labelled pairs": report.labelled_pairs,
        "decided pairs": report.decided_pairs,
        "prior found": report.prior_learned,
        "prior": report.prior,
        **({name.replace("_", " "): count for name, count in report.beside.figures().items()} if report.beside else {}),
        "training rules": markdown_table(
            ["rule", "pairs", "share of true pairs", "skipped"],
            [[f"`{rule.rule}`", rule.pairs, rule.match_share, rule.skipped] for rule in report.rules],
        ),
        "levels": markdown_table(
            ["comparison", "level", "m before", "m", "u before", "u"],
            [
                [level.comparison, f"`{level.level}`", level.m_start, level.m, level.u_start, level.u]
                for level in report.levels
            ],
        ),
    }
