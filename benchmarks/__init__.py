"""Speed, scale and linkage quality, repeatable by anyone: `python -m benchmarks.NAME`."""
