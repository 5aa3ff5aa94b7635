"""How good linkage is on data with known truth: `python -m benchmarks.linkage_quality` prints the table."""
