"""`python -m empi_pipeline.cli`: the same as `empi`, for processes that start each other."""

import sys

from empi_pipeline.cli.entry import main

sys.exit(main())
