"""A load from object in S3 to committed crosswalk, against the floor of its parts: `python -m benchmarks.speed`."""
