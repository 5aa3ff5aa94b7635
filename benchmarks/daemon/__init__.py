"""From a file that lands to the committed crosswalk with the daemon running: `python -m benchmarks.daemon`."""
