"""A small index to play scenarios on: records, predictions and batches straight into Postgres, by short names."""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import duckdb
import pyarrow as pa

from empi_pipeline.identity.apply import Applied, apply_batch
from empi_pipeline.identity.evidence import NO_GUARDS, Guards
from empi_pipeline.identity.policy import ConflictRules, Policy
from empi_pipeline.postgres import Connection

ATTRIBUTES = ("birth_date", "first_name", "sex")


def find_conflicts(con: duckdb.DuckDBPyConnection, pairs: pa.Table, attributes: pa.Table) -> pa.Table:
    """Records conflict in an attribute when both have it and it differs: the simplest rule there is."""
    con = con.cursor()
    con.register("pairs", pairs)
    con.register("attributes", attributes)
    reasons = ", ".join(f"case when l.{name} <> r.{name} then '{name}' end" for name in ATTRIBUTES)
    return con.sql(
        f"select record_id_l, record_id_r, concat_ws('+', {reasons}) as reason from pairs"
        " join attributes l on l.record_id = record_id_l join attributes r on r.record_id = record_id_r"
        " where reason <> ''"
    ).to_arrow_table()


REASONS = ["+".join(some) for count in (1, 2, 3) for some in combinations(ATTRIBUTES, count)]
RULES = ConflictRules(ATTRIBUTES, find_conflicts, [(name,) for name in ATTRIBUTES], reasons=REASONS, code=7)


def probability(weight: float) -> float:
    return 1 / (1 + 2.0**-weight)


@dataclass
class World:
    """Records have short names; a batch is a list of them; predictions are (name, name, probability)."""

    connection: Connection
    guards: Guards = NO_GUARDS
    potential: float = 0.3
    auto: float = 0.9
    untrusted: frozenset[str] = frozenset()
    ids: dict[str, int] = field(default_factory=dict)
    batches: int = 0

    def __post_init__(self) -> None:
        self.model_id = self.model()

    def model(self, potential: float | None = None, auto: float | None = None) -> int:
        self.connection.execute("update matching.model set is_active = false")
        row = self.connection.execute(
            "insert into matching.model (name, settings, potential_threshold, auto_threshold, digest, created_by,"
            " is_active, guards) values ('test', '{}', %s, %s, gen_random_uuid()::text, 'test', true, true)"
            " returning model_id",
            [self.potential if potential is None else potential, self.auto if auto is None else auto],
        ).fetchone()
        assert row
        self.model_id = row[0]
        return self.model_id

    def deliver(
        self,
        records: Mapping[str, Mapping[str, str]] | Iterable[str],
        predictions: Sequence[tuple[str, str, float]] = (),
    ) -> str:
        """Take in records (name -> attributes) and store predictions; does not apply them."""
        rows = records if isinstance(records, Mapping) else {name: {} for name in records}
        self.batches += 1
        batch_id = f"batch-{self.batches}"
        run = self.connection.execute
        run("insert into intake.batches (batch_id) values (%s)", [batch_id])
        row = run(
            "insert into intake.arrivals (bucket, object_key, object_version, etag, size_bytes, last_modified)"
            " values ('b', %s, '1', '1', 1, now()) returning arrival_id",
            [batch_id],
        ).fetchone()
        assert row
        for line, (name, attributes) in enumerate(rows.items()):
            identity = {"data_source": "test", "source_person_id": name, **attributes}
            names = ", ".join(identity)
            key = hashlib.sha256(name.encode()).digest()
            made = run(
                f"insert into raw.person_records (batch_id, arrival_id, line_number, content_hash, {names})"
                f" values (%s, %s, %s, %s{', %s' * len(identity)}) returning record_id",
                [batch_id, row[0], line, key, *identity.values()],
            ).fetchone()
            assert made
            self.ids[name] = made[0]
            run(
                f"insert into cleaned.person_records (record_id, batch_id, {names})"
                f" values (%s, %s{', %s' * len(identity)})",
                [made[0], batch_id, *identity.values()],
            )
        self.predict(batch_id, predictions)
        run(
            "insert into matching.scored_batches (batch_id, model_id, seen_change_id) values"
            " (%s, %s, (select coalesce(max(change_id), 0) from identity.changes))",
            [batch_id, self.model_id],
        )
        return batch_id

    def predict(self, batch_id: str, predictions: Sequence[tuple[str, str, float]]) -> None:
        for one, other, match_probability in predictions:
            weight = 50.0 if match_probability >= 1 else math.log2(match_probability / (1 - match_probability))
            left, right = sorted((self.ids[one], self.ids[other]))
            if left != right:
                self.connection.execute(
                    "insert into matching.predictions values (%s, %s, %s, %s, %s, %s, '{}', '{}')"
                    " on conflict do nothing",
                    [batch_id, self.model_id, left, right, weight, match_probability],
                )

    @property
    def policy(self) -> Policy:
        return Policy(self.untrusted, self.guards, RULES)

    def apply(self, batch_id: str) -> Applied:
        return apply_batch(self.connection, batch_id, policy=self.policy)

    def load(
        self,
        records: Mapping[str, Mapping[str, str]] | Iterable[str],
        predictions: Sequence[tuple[str, str, float]] = (),
    ) -> Applied:
        return self.apply(self.deliver(records, predictions))

    def names(self) -> dict[int, str]:
        return {record_id: name for name, record_id in self.ids.items()}

    def persons(self) -> set[frozenset[str]]:
        """The living persons as sets of record names."""
        names = self.names()
        return {
            frozenset(names[record] for record in records)
            for (records,) in self.connection.execute(
                "select array_agg(record_id) from identity.membership group by person_id"
            ).fetchall()
        }

    def person_of(self, name: str) -> str:
        row = self.connection.execute(
            "select person_id::text from identity.membership where record_id = %s", [self.ids[name]]
        ).fetchone()
        assert row
        return row[0]

    def cases(self, kind: str | None = None, status: str = "open") -> dict[int, tuple[str, int, frozenset[str]]]:
        """Cases: id -> (kind, version, pairs written 'a-b' in alphabetical order)."""
        names = self.names()
        found: dict[int, tuple[str, int, frozenset[str]]] = {}
        for case_id, case_kind, version, left, right in self.connection.execute(
            "select case_id, kind, version, array_agg(record_id_l order by record_id_l, record_id_r),"
            " array_agg(record_id_r order by record_id_l, record_id_r) from identity.review_cases"
            " join identity.case_pairs using (case_id) where status = %s group by 1, 2, 3 order by 1",
            [status],
        ).fetchall():
            if kind is None or kind == case_kind:
                pairs = frozenset(
                    "-".join(sorted((names[one], names[other]))) for one, other in zip(left, right, strict=True)
                )
                found[case_id] = (case_kind, version, pairs)
        return found


GUARDED = Policy(frozenset(), Guards(), RULES)
"""The default guards with the simplest rules."""
