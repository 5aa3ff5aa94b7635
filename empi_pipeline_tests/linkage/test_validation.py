import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from empi_pipeline.errors import InvalidModelError
from empi_pipeline.linkage import default_model, validated_model
from empi_pipeline_tests.linkage.records import settings

REFUSED = yaml.safe_load((Path(__file__).parent / "refused_models.yaml").read_text(encoding="utf-8"))


def changed(path: str, value: Any) -> dict[str, Any]:
    model = copy.deepcopy(settings())
    target: Any = model
    *parents, last = path.split(".")
    for key in parents:
        target = target[int(key) if isinstance(target, list) else key]
    target[int(last) if isinstance(target, list) else last] = value
    return model


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case['path']}={str(case['value'])[:40]}")
def test_a_wrong_model_is_refused_with_the_path_and_the_reason(case: dict[str, Any]) -> None:
    with pytest.raises(InvalidModelError) as refused:
        validated_model("m", changed(case["path"], case["value"]), 0.5, 0.9)
    assert [path for path, reason in refused.value.problems if case["says"] in reason] == [case["at"]]


@pytest.mark.parametrize(
    ("potential", "auto", "path"),
    [
        (0.9, 0.5, "potential_match_threshold"),
        (-0.1, 0.5, "potential_match_threshold"),
        (0.5, 1.1, "auto_match_threshold"),
        (0.5, None, "auto_match_threshold"),
        (float("nan"), 0.5, "potential_match_threshold"),
    ],
)
def test_wrong_thresholds_are_refused(potential: Any, auto: Any, path: str) -> None:
    with pytest.raises(InvalidModelError) as refused:
        validated_model("m", settings(), potential, auto)
    assert [where for where, _ in refused.value.problems] == [path]


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_settings_that_are_no_object_are_refused(value: object) -> None:
    with pytest.raises(InvalidModelError, match="must be an object"):
        validated_model("m", value, 0.5, 0.9)


def test_all_problems_are_told_at_once() -> None:
    model = settings(surprise=1, comparisons=[])
    with pytest.raises(InvalidModelError) as refused:
        validated_model("m", model, 0.9, 0.5)
    assert {path for path, _ in refused.value.problems} == {"surprise", "comparisons", "potential_match_threshold"}


def test_a_file_of_splink_4_and_the_five_keys_of_the_reference_system_are_accepted() -> None:
    splink_4 = settings(
        em_convergence=0.001,
        max_iterations=20,
        unique_id_column_name="record_id",
        bayes_factor_column_prefix="bf_",
        linker_uid="abc",
        sql_dialect="duckdb",
        blocking_rules_to_generate_predictions=[
            {"blocking_rule": '(l."last_name" = r."last_name")', "sql_dialect": "duckdb", "salting_partitions": 1},
            "l.city = r.city and levenshtein(l.last_name, r.last_name) < 3",
        ],
    )
    five_keys = settings()
    del five_keys["link_type"]
    five_keys |= {"em_convergence": 0.001, "max_iterations": 20}
    assert validated_model("a", splink_4, 0, 1).blocking_rules[1].startswith("l.city")
    assert validated_model("b", five_keys, 0.5, 0.5).settings["link_type"] == "dedupe_only"


def test_the_digest_tells_models_apart_and_ignores_the_name() -> None:
    digests = {
        validated_model(name, settings(probability_two_random_records_match=prior), potential, 0.9).digest
        for name, prior, potential in [("a", 0.1, 0.5), ("b", 0.1, 0.5), ("a", 0.2, 0.5), ("a", 0.1, 0.6)]
    }
    assert len(digests) == 3


def test_the_default_model_is_valid_and_symmetric() -> None:
    from empi_pipeline.linkage.compiled import compiled

    model = default_model()
    assert compiled(model).symmetric
    assert model.potential_threshold < model.auto_threshold
    assert model.term_frequency_prior > 0


def test_importing_the_room_does_not_import_splink() -> None:
    code = "import sys, empi_pipeline.linkage; print('splink' in sys.modules, 'sqlglot' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["False", "False"]
