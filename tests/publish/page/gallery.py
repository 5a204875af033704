"""``python -m tests.publish.page.gallery OUT``: the page in every state as files, for eyes and for browsers."""

from __future__ import annotations

import sys
from pathlib import Path

from defib.core.page.subscribing import Answer
from defib.publish.page import html
from defib.publish.page.answers import answer_page
from tests.publish.page.pages import API, URL, settings_of, states


def write(out: Path) -> list[Path]:
    """The main pages, one a state, each with all that it links to and all that its form is answered with."""
    found = []
    for name, page in states().items():
        for document in html.documents(page, settings_of(name), f"{API}/subscribe"):
            path = out / name / document.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(document.body)
        found.append(out / name / "index.html")
        for answer in Answer:
            (out / name / f"{answer}.html").write_text(answer_page(answer, settings_of(name), URL), encoding="utf-8")
    return found


if __name__ == "__main__":
    print("\n".join(str(path) for path in write(Path(sys.argv[1]))))
