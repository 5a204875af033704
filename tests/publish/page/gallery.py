"""``python -m tests.publish.page.gallery OUT``: the page in every state as files, for eyes and for browsers."""

from __future__ import annotations

import sys
from pathlib import Path

from defib.publish.page import html
from tests.publish.page.pages import settings_of, states


def write(out: Path) -> list[Path]:
    """The main pages, one a state, each with all that it links to."""
    found = []
    for name, page in states().items():
        for document in html.documents(page, settings_of(name)):
            path = out / name / document.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(document.body)
        found.append(out / name / "index.html")
    return found


if __name__ == "__main__":
    print("\n".join(str(path) for path in write(Path(sys.argv[1]))))
