"""Random lives of an index, everything checked after every step; `python -m empi_pipeline_tests.properties.histories`.

Nothing here looks at how identity works: what is checked is what the documentation promises.
"""
