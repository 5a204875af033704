"""All documents of the page together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from defib.core.page.model import Page
from defib.publish.page.everything import documents
from tests.publish.page.pages import NOW, POLICY, SETTINGS, SUNDAYS, URL, minutes, story, trouble


def bodies(page: Page) -> dict[str, bytes]:
    return {d.path: d.body for d in documents(page, SETTINGS, URL)}


def test_no_document_comes_to_have_the_bytes_of_an_earlier_one_again() -> None:
    """The layout would take what lies there for what lay there before (publish/page/site.py)."""
    web, again = (trouble("web", NOW + minutes(minute)) for minute in (0, 30))
    moments = (
        (NOW, ()),
        (NOW + minutes(3), (web,)),
        (NOW + minutes(9), ()),
        (NOW + minutes(33), (again,)),
        (NOW + minutes(39), ()),
    )
    seen = [bodies(story(*moments[: n + 1], now=at, born=NOW)) for n, (at, _) in enumerate(moments)]
    planned = replace(POLICY, maintenance=(SUNDAYS,))
    before = datetime(2026, 5, 2, 23, 30, tzinfo=UTC)
    times = [before + hours * timedelta(hours=1) for hours in (0, 1, 4, 7 * 24, 7 * 24 + 1, 7 * 24 + 4)]
    passed = [(at, ()) for at in times]
    seen += [bodies(story(*moments, *passed[: n + 1], policy=planned, now=at, born=NOW)) for n, at in enumerate(times)]

    for path in seen[0]:
        stood = [found[path] for found in seen if path in found]
        changes = [body for before, body in zip([b"", *stood], stood, strict=False) if body != before]
        assert len(changes) == len(set(changes)), path
