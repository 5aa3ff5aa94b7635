"""Enterprise master patient index as a Dagster pipeline: one trusted `person_id` for every human.

Rooms: `intake`, `cleaning`, `linkage`, `identity` and `publishing` hold the domain and import no Dagster;
`assets`, `checks`, `automation`, `resources` and `io_managers` are the thin Dagster face; `cli` is the other face.
"""

__version__ = "0.1.0"
