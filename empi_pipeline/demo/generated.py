"""The synthetic population as deliveries for the demonstration: four sources, twice, with what changed in between."""

import csv
import tempfile
from pathlib import Path
from typing import Final

from empi_pipeline.demo.deliveries import Wave
from empi_pipeline.synthetic import Plan, generate

_PLAN: Final = Plan(records=5_000, seed=1, deliveries=2)

SETTINGS: Final = (
    "# The sources of this demo use the standard columns; how each writes dates is learnt from its files.\n"
)


def generated_waves() -> tuple[list[Wave], dict[tuple[str, str], str]]:
    """Two deliveries of four sources.

    Returns:
        The deliveries, and the truth: (data_source, source_person_id) -> human.
    """
    with tempfile.TemporaryDirectory(prefix="empi-demo-") as place:
        folder = Path(place) / "people"
        summary = generate(_PLAN, folder)
        deliveries = [
            Wave({str(path.relative_to(folder)): path.read_bytes() for path in sorted((folder / name).rglob("*.csv"))})
            for name in summary.deliveries
        ]
        with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
            truth = {(source, number): human for source, number, human in list(csv.reader(file))[1:]}
    return deliveries, truth
