"""The stewards' page: work list, case, persons, figures. Server-rendered HTML over the functions of the other rooms.

No decision is worked out here, and nothing needs the script but convenience: forms go to the server, which answers with
a page. What is searched for never stands in an address, and each reading of person data is audited.
"""

from empi_pipeline.stewardship.mount import add_to

__all__ = ["add_to"]
