"""The demonstration: public benchmark data delivered as three data sources would, matched, and compared with the truth.

It has an `EMPI_HOME` of its own and never touches other data. Only `febrl.py` may import pandas.
"""

from empi_pipeline.demo.run import GENERATED, PUBLIC, DemoData, DemoResult, run_demo

__all__ = ["GENERATED", "PUBLIC", "DemoData", "DemoResult", "run_demo"]
