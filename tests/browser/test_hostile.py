"""Nothing that anybody can write onto the page runs in a reader's browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from defib.core.page.model import Page
from defib.core.page.settings import PageSettings
from defib.publish.page.badges import documents as badges
from defib.publish.page.html import documents
from tests.browser.conftest import serving
from tests.publish.page.pages import SETTINGS, states

PAYLOADS = (
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    '"><svg onload=window.hit=1>',
    "'-window.hit=1-'",
    "</title><script>window.hit=1</script>",
    "</style><script>window.hit=1</script>",
    "javascript:window.hit=1",
    "{{ self.__init__ }}",
    "<iframe srcdoc='<script>parent.hit=1</script>'>",
)
STATES = states()
Planting = Callable[[Page, PageSettings, str], tuple[Page, PageSettings]]


def component_name(page: Page, settings: PageSettings, text: str) -> tuple[Page, PageSettings]:
    return replace(page, components=tuple(replace(c, name=text) for c in page.components)), settings


def component_description(page: Page, settings: PageSettings, text: str) -> tuple[Page, PageSettings]:
    return replace(page, components=tuple(replace(c, description=text) for c in page.components)), settings


def group_name(page: Page, settings: PageSettings, text: str) -> tuple[Page, PageSettings]:
    return replace(page, components=tuple(replace(c, group=text) for c in page.components)), settings


def incident_name(page: Page, settings: PageSettings, text: str) -> tuple[Page, PageSettings]:
    return replace(page, incidents=tuple(replace(i, name=text) for i in page.incidents)), settings


def incident_body(page: Page, settings: PageSettings, text: str) -> tuple[Page, PageSettings]:
    changed = (replace(i, updates=tuple(replace(u, body=text) for u in i.updates)) for i in page.incidents)
    return replace(page, incidents=tuple(changed)), settings


def planned_outage(page: Page, settings: PageSettings, text: str) -> tuple[Page, PageSettings]:
    planned = tuple(replace(o, name=text, body=text) for o in STATES["planned"].planned)
    return replace(page, planned=planned), settings


def page_title(page: Page, settings: PageSettings, text: str) -> tuple[Page, PageSettings]:
    return page, replace(settings, title=text)


def support_address(page: Page, settings: PageSettings, text: str) -> tuple[Page, PageSettings]:
    return page, replace(settings, support_url=f"https://x.example/{text}")


@pytest.mark.parametrize(
    "planting",
    [
        component_name,
        component_description,
        group_name,
        incident_name,
        incident_body,
        planned_outage,
        page_title,
        support_address,
    ],
)
def test_what_is_planted_in_a_text_stays_text(chromium: Browser, tmp_path: Path, planting: Planting) -> None:
    for number, payload in enumerate(PAYLOADS):
        whole, settings = planting(STATES["outage"], SETTINGS, payload)
        for document in (*badges(whole, settings), *documents(whole, settings)):
            path = tmp_path / str(number) / document.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(document.body)
    with serving(tmp_path) as address:
        context = chromium.new_context()
        page = context.new_page()
        for number in range(len(PAYLOADS)):
            for where in ("index.html", "history/2026-04.html"):
                page.goto(f"{address}/{number}/{where}")
                assert page.evaluate("window.hit") is None
                assert page.locator("script").count() == 1
        context.close()
