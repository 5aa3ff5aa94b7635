"""The table of rules in docs/cleaning.md.

`python -m empi_pipeline.cleaning.document docs/cleaning.md` brings it up to date.
"""

import sys
from pathlib import Path
from typing import Final

from empi_pipeline.cleaning.rulebook import sections

_BEGIN: Final = "<!-- rules: python -m empi_pipeline.cleaning.document docs/cleaning.md -->"
_END: Final = "<!-- end of rules -->"


def stage_table() -> str:
    """The rules as a Markdown table, one line each, in order of application."""
    lines = ["| rule | why |", "|---|---|"]
    for section, stages in sections():
        lines.extend(f"| `{section}.{stage.name}` | {stage.reason} |" for stage in stages if stage.counted)
    return "\n".join(lines) + "\n"


def bring_up_to_date(document: Path) -> None:
    """Put the current table into a document, between its two markers."""
    before, _, rest = document.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    document.write_text(f"{before}{_BEGIN}\n{stage_table()}{_END}{after}", encoding="utf-8")


if __name__ == "__main__":
    bring_up_to_date(Path(sys.argv[1]))
