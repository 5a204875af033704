"""The status page with a long past: how long all its documents take, and how much the main page weighs."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median

from defib.publish.page.everything import documents
from tests.bench.figure import Figure, Section, Unit
from tests.publish.page.pages import SETTINGS, URL, past, story

INCIDENTS = 1000
LIMIT_MS = 1000
WEIGHT_KB = 60


def measure(runs: int, tell: Callable[[str], None]) -> tuple[Section, ...]:
    """Section ``page``: processor time, the first run with the templates' compilation not counted."""
    tell(f"a page with {INCIDENTS} past incidents")
    page = story(*past(INCIDENTS, every=timedelta(hours=2)))
    took: list[float] = []
    for _ in range(runs + 1):
        started = time.process_time()
        made = {document.path: document.body for document in documents(page, SETTINGS, URL)}
        took.append((time.process_time() - started) * 1000)
    weight = len(made["index.html"]) / 1000
    every = f"{len(made)} documents"
    return (
        Section(
            "page",
            f"The status page with {INCIDENTS:,} past incidents",
            "what",
            (
                Figure("all documents", median(took[1:]), Unit.MILLISECONDS, limit=LIMIT_MS, note=every),
                Figure("the main page", weight, Unit.KILOBYTES, limit=WEIGHT_KB, note="one request, uncompressed"),
            ),
        ),
    )
