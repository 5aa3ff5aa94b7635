"""Writes pseudopeople's sample population as CSV files: `python dump_pseudopeople.py FOLDER SEED...`.

Run it in an environment of its own (`pip install pseudopeople`): it needs versions that the pipeline does not.
"""

import sys
from pathlib import Path

import pseudopeople as pp

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for seed in map(int, sys.argv[2:]):
        tables = {
            "census2020": pp.generate_decennial_census(seed=seed, year=2020, verbose=False),
            "census2030": pp.generate_decennial_census(seed=seed, year=2030, verbose=False),
            "ssa": pp.generate_social_security(seed=seed, verbose=False),
            "w2": pp.generate_taxes_w2_and_1099(seed=seed, verbose=False),
            "wic": pp.generate_women_infants_and_children(seed=seed, verbose=False),
            "cps": pp.generate_current_population_survey(seed=seed, verbose=False),
        }
        for name, table in tables.items():
            table.astype("string").to_csv(folder / f"pp{seed}_{name}.csv", index=False)
