"""Where browsers find the stewards' page and Dagster."""

import pytest

from empi_pipeline.addresses import dagster_link, page_link
from empi_pipeline.api import create_app
from empi_pipeline.errors import ConfigurationError


@pytest.mark.parametrize(
    ("address", "link"),
    [
        (None, None),
        ("", None),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/cases"),
        ("https://empi.example.org/", "https://empi.example.org/cases"),
        ("https://example.org/empi", "https://example.org/empi/cases"),
        ("http://[::1]:8000", "http://[::1]:8000/cases"),
    ],
)
def test_a_link_begins_with_what_the_environment_says_or_there_is_none(
    address: str | None, link: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, linked in (("EMPI_PAGE_URL", page_link), ("EMPI_DAGSTER_URL", dagster_link)):
        monkeypatch.delenv(name, raising=False)
        if address is not None:
            monkeypatch.setenv(name, address)
        assert linked("/cases") == link


@pytest.mark.parametrize(
    "wrong",
    [
        "empi.example.org",
        "javascript:alert(1)//",
        "https://me:secret@example.org",
        "https://e.org/?a=1",
        "https://e.org\n",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPI_DAGSTER_URL", wrong)
    with pytest.raises(ConfigurationError, match=r"^EMPI_DAGSTER_URL must look like") as refused:
        dagster_link("/")
    assert "secret" not in str(refused.value)
    with pytest.raises(ConfigurationError):
        create_app()
