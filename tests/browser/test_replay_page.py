"""The page of a replay that is being served, steered in a real browser."""

from __future__ import annotations

from playwright.sync_api import Browser

from sim.serve.player import Mode
from tests.browser.reading import PHONE, violations
from tests.sim.served import served


def test_its_buttons_pause_it_and_let_it_go_on_at_another_speed(chromium: Browser) -> None:
    with served("april-30") as april:
        april.until("12:05:00")
        context = chromium.new_context(viewport=PHONE)
        page = context.new_page()
        page.goto(f"{april.address}/_replay?still")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert violations(page) == []
        page.get_by_role("button", name="Pause").click()
        page.get_by_text("paused").wait_for()
        assert april.player.mode is Mode.PAUSED
        page.get_by_role("button", name="60×").click()
        page.get_by_role("button", name="Pause").wait_for()
        assert (april.player.mode, april.player.speed) == (Mode.PLAYING, 60)
        context.close()
