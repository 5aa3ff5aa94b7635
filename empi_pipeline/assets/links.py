"""Links from the assets to the stewards' page, where `EMPI_PAGE_URL` says where that is."""

import dagster as dg

from empi_pipeline.addresses import page_link


def page_links(**paths: str) -> dict[str, dg.MetadataValue]:
    """Metadata entries that lead to the page.

    Args:
        **paths: Name of the entry, `_` for a space -> path on the page.

    Raises:
        ConfigurationError: `EMPI_PAGE_URL` is no address.
    """
    links = {name.replace("_", " "): page_link(path) for name, path in paths.items()}
    return {name: dg.MetadataValue.url(link) for name, link in links.items() if link}
