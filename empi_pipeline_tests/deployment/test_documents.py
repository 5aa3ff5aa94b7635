"""What the documents say exists, exists."""

import re
from pathlib import Path

import pytest
import yaml

from empi_pipeline.settings import Settings
from empi_pipeline_tests.deployment.compose import ROOT

DOCUMENTS = [*(ROOT / "docs").glob("[ao]*.md"), *(ROOT / "docs" / "decisions").glob("*.md")]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_the_example_of_settings_is_accepted() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", OPERATIONS, re.DOTALL)
    assert Settings.model_validate(yaml.safe_load(example)).scratch.memory == "8GB"


def test_the_settings_file_of_compose_is_accepted_also_with_its_comments_turned_on() -> None:
    text = (ROOT / "deploy" / "empi.yaml").read_text(encoding="utf-8")
    assert Settings.model_validate(yaml.safe_load(text) or {}) == Settings()
    head, _, example = text.partition("\n# data_sources")
    assert head.startswith("# How")
    uncommented = re.sub(r"^# ", "", f"# data_sources{example}", flags=re.MULTILINE)
    assert list(Settings.model_validate(yaml.safe_load(uncommented)).data_sources) == ["north_hospital"]


def test_each_environment_variable_of_the_documents_is_read_by_the_code() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "empi_pipeline").rglob("*.py"))
    names = set(re.findall(r"\bEMPI_[A-Z0-9_]+\b", OPERATIONS))
    assert "EMPI_POSTGRES_URL" in names
    assert sorted(name for name in names if name not in code) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_named_files_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []
    files = re.findall(r"(?<![\w/])((?:sql|deploy|empi_pipeline|empi_pipeline_tests)/[\w/.]+\.(?:sql|py|yaml))", text)
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_every_decision_is_in_the_list() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert listed == sorted(path.name for path in folder.glob("[0-9]*.md"))
    for name in listed:
        text = (folder / name).read_text(encoding="utf-8")
        parts = ("# " + name[:4], "**Context.**", "**Choice.**", "**Consequence.**")
        assert [part for part in parts if part not in text] == []
