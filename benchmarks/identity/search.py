"""Finding persons in an index of 1,000,000 synthetic records, one person each.

`python -m benchmarks.identity.search [SIZE]` prints milliseconds (median of three) and how many of at most 50
were found.
"""

import sys
import time
from typing import Any

from benchmarks.identity.synthetic import server
from empi_pipeline.identity.person_search import find_persons
from empi_pipeline.postgres import connect

_FILL = (
    "create temporary table made as select record_id, 'n' || (power(random(), 3) * 50000)::int || 'son' as last_name,"
    " 'f' || (power(random(), 2) * 3000)::int as first_name, gen_random_uuid() as person_id,"
    " (date '1930-01-01' + (random() * 30000)::int)::text as birth_date,"
    " case when record_id %% 1000 = 0 then 'small' else 's' || (record_id %% 5) end as data_source"
    " from generate_series(1, %s) as record_id",
    "insert into raw.person_records (batch_id, arrival_id, line_number, content_hash, data_source, source_person_id)"
    " select 'b', 1, record_id, sha256(record_id::text::bytea), data_source, 'id' || record_id from made",
    "insert into cleaned.person_records (record_id, batch_id, data_source, source_person_id, first_name, last_name,"
    " birth_date) select record_id, 'b', data_source, 'id' || record_id, first_name, last_name, birth_date from made",
    "insert into identity.persons (person_id, created_change_id, created_at, record_count)"
    " select person_id, 1, now(), 1 from made",
    "insert into identity.membership select record_id, person_id, 1 from made",
)
_ASKED: tuple[dict[str, Any], ...] = (
    {"last_name": "n12345son"},
    {"last_name": "N123"},
    {"last_name": "n12", "first_name": "f77", "birth_date": "197"},
    {"birth_date": "1971-03-02"},
    {"birth_date": "1971"},
    {"source_person_id": "id4711"},
    {"source_person_id": "id4711", "data_source": "s1"},
    {"person_id": "3d73f8"},
    {"first_name": "f77"},
    {"first_name": "f7", "birth_date": "1971"},
    {"data_source": "s1"},
    {"data_source": "small"},
    {"last_name": "n1"},  # A fifth of all records.
    {"first_name": "f"},
)


def measure(size: int) -> None:
    with server() as url:
        with connect(url) as connection:
            for statement in _FILL:
                connection.execute(statement, [size] if "%s" in statement else None)
        with connect(url, autocommit=True) as connection:
            start = time.perf_counter()
            connection.execute("select cleaned.ensure_search_indexes()")
            print(f"{1000 * (time.perf_counter() - start):8.1f} ms  to build the indexes for searching")
            connection.execute("vacuum analyze")
            for asked in _ASKED:
                times = []
                for _ in range(3):
                    start = time.perf_counter()
                    count = len(find_persons(connection, **asked))
                    times.append(1000 * (time.perf_counter() - start))
                print(f"{sorted(times)[1]:8.1f} ms  {count:>3} found  {asked}")


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
