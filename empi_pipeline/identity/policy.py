"""What identity goes by: guards, rules for hard conflicts, and data sources not to be trusted in their own ids."""

import importlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from typing import Any, Final

import numpy as np
import pyarrow as pa

from empi_pipeline.identity.arrays import Ints, found, sorted_unique
from empi_pipeline.identity.attributes import read_attributes
from empi_pipeline.identity.case_reasons import GUARD_REASONS
from empi_pipeline.identity.conflicts import FindConflicts, RecordConflicts
from empi_pipeline.identity.evidence import NO_GUARDS, ConflictSource, Guards, NoConflicts
from empi_pipeline.identity.verdicts import COLUMN, KnownConflicts, Verdicts, of_rules, stored
from empi_pipeline.linkage.shared_values import without_shared_values
from empi_pipeline.postgres import Connection, copy_out
from empi_pipeline.scratch import open_scratch
from empi_pipeline.sql import load

_SHARED: Final = pa.schema([("column_name", pa.string()), ("value", pa.string())])

_ASPECTS: Final = (
    ("first_name", "middle_name", "last_name"),
    ("name_suffix",),
    ("sex",),
    ("birth_date",),
    ("social_security_number",),
)
"""Attributes of the shipped rules that can conflict by themselves, without the others."""


@dataclass(frozen=True, slots=True)
class ConflictRules:
    """Hard conflicts between records.

    Attributes:
        attributes: Cleaned columns they look at.
        find: Finds them.
        aspects: Groups of attributes that can conflict by themselves; two of them make another human.
        telling: Attributes of which the first is never missing and in which records are equal that cannot conflict,
            whatever else they say.
        reasons: What `find` may give as a reason; needed where verdicts are stored, whose order must not change.
        code: Stands for these very rules in stored verdicts and in what is noted with changes: twice their version, and
            one more where they reckon with relatives. 0 where verdicts are not stored.
    """

    attributes: Sequence[str]
    find: FindConflicts
    aspects: Sequence[Sequence[str]]
    telling: Sequence[str] = ()
    reasons: Sequence[str] = ()
    code: int = 0

    @staticmethod
    def shipped(*, families: bool = True) -> "ConflictRules":
        """The rules of `empi_pipeline.identity.guards`.

        Args:
            families: Whether relatives are among the records, as frozen into the match model.
        """
        # Late: the rules know nicknames, which only those who need the rules should load.
        guards: Any = importlib.import_module("empi_pipeline.identity.guards")
        return ConflictRules(
            guards.CONFLICT_ATTRIBUTES, partial(guards.find_conflicts, families=families), _ASPECTS,
            guards.TELLING_ATTRIBUTES, tuple(GUARD_REASONS), 2 * guards.RULES_VERSION + families,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Policy:
    """What identity goes by.

    Attributes:
        untrusted_sources: Data sources in which one source_person_id may stand for several humans.
        guards: What may not be joined without a steward; None for the defaults, or none at all if the active model
            says so.
        rules: Hard conflicts between records; None for the shipped ones.
    """

    untrusted_sources: frozenset[str] = field(default_factory=frozenset)
    guards: Guards | None = None
    rules: ConflictRules | None = None

    def guards_of(self, connection: Connection) -> Guards:
        """The guards under the active model."""
        if self.guards is not None:
            return self.guards
        row = connection.execute("select guards from matching.model where is_active").fetchone()
        return NO_GUARDS if row is not None and not row[0] else Guards()

    def described(self, connection: Connection) -> dict[str, Any]:
        """All of it under the active model, as noted with what is applied: plain JSON values."""
        row = connection.execute("select model_id, families from matching.model where is_active").fetchone()
        model_id, families = row or (None, True)
        version, families = divmod((self.rules or ConflictRules.shipped(families=families)).code, 2)
        return {
            "version": version,
            **asdict(self.guards_of(connection)),
            "families": bool(families),
            "model_id": model_id,
            "untrusted_sources": sorted(self.untrusted_sources),
        }

    @contextmanager
    def conflicts(
        self, connection: Connection, guards: Guards, record_ids: Ints, verdicts: Verdicts | None = None
    ) -> Iterator[ConflictSource]:
        """Conflicts among some records.

        Args:
            connection: An open connection.
            guards: What may not be joined without a steward.
            record_ids: The records, ascending; positions refer to them.
            verdicts: What is stored of some pairs; those that do not count are left aside.
        """
        if not guards.hard_conflicts:
            yield NoConflicts()
            return
        rules = self.rules or ConflictRules.shipped(families=_families(connection))
        shared = copy_out(connection, load("identity/shared_values"), _SHARED)
        with ExitStack() as stack:
            source = RecordConflicts(
                # Opened when it is first needed: a steward's save mostly goes by stored verdicts.
                cache(lambda: stack.enter_context(open_scratch())),
                rules.find,
                record_ids,
                # What many share vouches for nobody, and tells nobody apart.
                lambda wanted: without_shared_values(read_attributes(connection, rules.attributes, wanted), shared),
                rules.attributes,
                rules.aspects,
            )
            if verdicts is None or not len(verdicts.left):
                yield source
            else:
                that_count = of_rules(rules.code, _active_model(connection), verdicts)
                yield KnownConflicts(source, rules.reasons, record_ids, that_count)

    def with_verdicts(self, connection: Connection, predictions: pa.Table, model_id: int) -> pa.Table:
        """Predictions with what the guards say of each pair, to be stored with them.

        Args:
            connection: An open connection, best one snapshot; nothing is written.
            predictions: record_id_l and record_id_r (int64), and whatever else.
            model_id: The model that scored them.

        Returns:
            The predictions with `verdicts.COLUMN` (int16), NULL where nobody will ask for it.
        """
        rules = self.rules or ConflictRules.shipped(families=_families(connection))
        guards = self.guards_of(connection)
        verdict = pa.nulls(predictions.num_rows, pa.int16())
        if predictions.num_rows and guards.hard_conflicts and rules.code and _active_model(connection) == model_id:
            ends = [np.asarray(predictions[name].to_numpy(), np.int64) for name in ("record_id_l", "record_id_r")]
            record_ids = sorted_unique(np.concatenate(ends))
            left, right = (found(record_ids, end)[0] for end in ends)
            with self.conflicts(connection, guards, record_ids) as conflicts:
                clashing, reasons = conflicts.between(left, right)
                assert isinstance(conflicts, RecordConflicts)
                alike = conflicts.equal(left, right, rules.telling)
            places = [rules.reasons.index(reason) for reason in reasons]
            verdict = pa.array(stored(rules.code, alike, clashing, places).astype(np.int16))
        return predictions.append_column(COLUMN, verdict)


def _active_model(connection: Connection) -> int:
    row = connection.execute("select model_id from matching.model where is_active").fetchone()
    return int(row[0]) if row else -1


def _families(connection: Connection) -> bool:
    row = connection.execute("select families from matching.model where is_active").fetchone()
    return row is None or bool(row[0])
