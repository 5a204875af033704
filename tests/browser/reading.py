"""How a page is read: on a phone, and by what axe-core objects to."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from playwright.sync_api import Page, ViewportSize

PHONE = ViewportSize(width=360, height=740)
AXE = Axe()
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def violations(page: Page) -> list[Any]:
    found = AXE.run(page, options=WCAG).response["violations"]
    return [(v["id"], [node["html"][:120] for node in v["nodes"]]) for v in found]
