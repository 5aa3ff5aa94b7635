"""Many random histories on a server of their own: python -m empi_pipeline_tests.properties.histories --histories 10000.

With `--ledger FILE` it can be stopped and goes on later; `--first-seed N --histories 1` lives one history again.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from empi_pipeline.embedded.postgres import embedded_postgres
from empi_pipeline_tests.conftest import FAST, make_template
from empi_pipeline_tests.properties.histories.campaign import STEPS, campaign, tell


def main() -> int:
    """Live them; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--ledger", type=Path)
    asked = parser.parse_args()
    seeds = range(asked.first_seed, asked.first_seed + asked.histories)
    with TemporaryDirectory() as folder, embedded_postgres(Path(folder) / "postgres", extra_settings=FAST) as server:
        make_template(server)
        broken = campaign(server, seeds, asked.steps, asked.processes, asked.ledger)
    tell(f"broken: {[seed for seed, _ in broken] or 'none'}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
