"""Many small objects against the same rows in one: `python -m benchmarks.small_files`."""
