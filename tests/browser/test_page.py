"""What customers see, at every state of an outage, on every screen, with and without a mouse, a script, or eyes."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Opening, reloaded
from tests.browser.reading import PHONE, violations
from tests.publish.page.pages import states

STATES = tuple(states())
MADE = "2026-04-30T12:05:30Z"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_to_object_to(opened: Opening, state: str, scheme: str) -> None:
    assert violations(opened(state, at=MADE, color_scheme=scheme)) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nor_on_the_other_pages(opened: Opening, scheme: str) -> None:
    page = opened("outage", "history/index.html", at=MADE, color_scheme=scheme)
    for _ in range(2):
        assert violations(page) == []
        page.click("main a")
    assert violations(page) == []
    assert "/incidents/" in page.url or "/history/" in page.url


def test_nor_when_it_says_that_it_is_stale(opened: Opening) -> None:
    assert violations(opened("operational", at="2026-04-30T13:00:00Z")) == []


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("path", ["index.html", "history/index.html"])
def test_on_a_phone_nothing_has_to_be_scrolled_sideways(opened: Opening, state: str, path: str) -> None:
    page = opened(state, path, viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(page) == []


def test_on_a_phone_half_as_many_days_are_shown_and_it_says_so(opened: Opening) -> None:
    page = opened("operational", viewport=PHONE)
    assert page.get_by_text("45 days ago").first.is_visible()
    assert not page.get_by_text("90 days ago").first.is_visible()


@pytest.mark.parametrize("state", STATES)
def test_without_a_script_nothing_is_missing(opened: Opening, state: str) -> None:
    page = opened(state, java_script_enabled=False)
    assert page.locator(".banner").is_visible()
    assert all(text.endswith("UTC") for text in page.locator("time").all_inner_texts())
    for heading in page.locator("h2").all():
        assert heading.is_visible()


def test_without_a_script_a_group_opens_and_closes(opened: Opening) -> None:
    page = opened("operational", java_script_enabled=False)
    assert not page.get_by_text("macOS builds").first.is_visible()
    page.locator("summary").click()
    assert page.get_by_text("macOS builds").first.is_visible()


def test_the_first_tab_leads_past_the_head_and_every_stop_can_be_seen(opened: Opening) -> None:
    page = opened("outage")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").is_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/index.html#main")
    stops = []
    for _ in range(60):
        page.keyboard.press("Tab")
        stop = page.evaluate("(document.activeElement.getAttribute('href') || document.activeElement.tagName)")
        if stop == "BODY":
            break
        stops.append(stop)
        box = page.evaluate(
            "(({x, y, width, height}) => [x, y, width, height])(document.activeElement.getBoundingClientRect())"
        )
        assert box[2] > 0
        assert box[3] > 0
    assert "SUMMARY" in stops
    assert any(stop.startswith("history/2026-") for stop in stops)
    assert "./history.rss" in stops


def test_the_keyboard_opens_a_group_and_follows_a_bar_to_its_day(opened: Opening) -> None:
    page = opened("operational")
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    assert page.get_by_text("Linux builds").first.is_visible()
    page.locator(".bars a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/history/2026-*.html#d*")


def test_the_bars_of_a_component_are_one_tab_stop_and_arrows_lead_from_day_to_day(opened: Opening) -> None:
    page = opened("outage")
    bars = page.locator(".bars svg").first
    days = bars.locator("a").count()
    assert days > 1
    assert bars.locator('a[tabindex="0"]').count() == 1
    newest = bars.locator("a").last
    newest.focus()
    page.keyboard.press("ArrowLeft")
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label == bars.locator("a").nth(days - 2).get_attribute("aria-label")
    assert page.locator(".tip").inner_text() == label
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == bars.locator("a").first.get_attribute(
        "aria-label"
    )
    page.keyboard.press("Escape")
    assert not page.locator(".tip").is_visible()


def test_a_mouse_over_a_bar_tells_the_day_and_without_a_script_its_title_does(opened: Opening) -> None:
    page = opened("outage", viewport=PHONE)
    page.locator(".bars a").last.hover()
    told = page.locator(".tip")
    assert told.is_visible()
    box = told.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert violations(page) == []
    assert "2026" in opened("outage", java_script_enabled=False).locator(".bars a title").last.inner_html()


def test_times_become_local_and_keep_utc_at_hand(opened: Opening) -> None:
    page = opened("outage", at=MADE)
    newest = page.locator(".updates time").first
    assert newest.inner_text() in ("Apr 30, 2026, 8:04 AM EDT", "Apr 30, 2026, 8:04\u202fAM EDT")
    assert newest.get_attribute("title") == "30 April 2026, 12:04 UTC"


@pytest.mark.parametrize(
    ("at", "says_so"), [(MADE, False), ("2026-04-30T12:19:00Z", False), ("2026-04-30T12:21:00Z", True)]
)
def test_a_page_that_nobody_makes_anew_any_more_admits_it(opened: Opening, at: str, says_so: bool) -> None:
    page = opened("operational", at=at)
    assert page.locator("#stale").is_visible() is says_so
    if says_so:
        assert "Generated Apr 30, 2026" in page.locator("#stale").inner_text()


def test_the_page_is_one_request_of_at_most_60_kb_and_breaks_no_policy(opened: Opening, site: str) -> None:
    body, requests, complaints = reloaded(opened("outage"))

    assert len(body) <= 60_000
    assert [url for url in requests if not url.startswith("data:")] == [f"{site}/outage/index.html"]
    assert complaints == []


MINUTE = 60_000
GENERATED = "2026-04-30T12:05:00Z"
LATER = "2026-04-30T12:06:30Z"


def left_open(opened: Opening, state: str, then: str, later: str = LATER) -> Page:
    """A page that a reader leaves open for a minute, in which it comes to show the state ``then``."""
    page = opened(state)
    page.clock.install(time=MADE)
    page.goto(page.url)
    fresh = page.request.get(page.url.replace(f"/{state}/", f"/{then}/")).text()
    page.route(
        "**/index.html", lambda route: route.fulfill(body=fresh.replace(GENERATED, later), content_type="text/html")
    )
    return page


def renewed(page: Page) -> None:
    with page.expect_response("**/index.html"):
        page.clock.run_for(MINUTE)


def test_a_page_that_is_left_open_follows_and_its_banner_is_announced(opened: Opening) -> None:
    page = left_open(opened, "operational", "outage")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    banner = page.locator(".banner").element_handle()
    assert banner is not None
    before = banner.inner_text()
    renewed(page)
    page.locator("#open").wait_for()
    # The same element says something else: that is what is read out.
    assert page.evaluate("banner => document.contains(banner) && banner.getAttribute('role')", banner) == "status"
    assert banner.inner_text() != before
    assert page.title().startswith(banner.inner_text())
    newest = page.locator(".updates time").first
    assert newest.inner_text() in ("Apr 30, 2026, 8:04 AM EDT", "Apr 30, 2026, 8:04\u202fAM EDT")
    assert page.locator("#made").get_attribute("datetime") == LATER
    assert page.locator("#stale").is_visible() is False
    assert violations(page) == []
    assert complaints == []


def test_what_a_reader_has_opened_and_where_he_stands_stay_when_the_page_is_renewed(opened: Opening) -> None:
    page = left_open(opened, "operational", "outage")
    page.locator("summary").first.press("Enter")
    name = page.locator("summary h3").first.inner_text()
    link = page.locator(".more a").last
    link.focus()
    renewed(page)
    page.locator("#open").wait_for()
    assert page.locator("details", has=page.get_by_role("heading", name=name)).get_attribute("open") is not None
    assert page.evaluate("document.activeElement.getAttribute('href')") == "history/index.html"


@pytest.mark.parametrize("later", [GENERATED, "2026-04-30T12:04:30Z"])
def test_nothing_older_than_what_is_shown_takes_its_place(opened: Opening, later: str) -> None:
    page = left_open(opened, "operational", "outage", later)
    before = page.locator(".banner").inner_text()
    renewed(page)
    page.clock.run_for(MINUTE)
    assert page.locator(".banner").inner_text() == before


def test_what_cannot_be_fetched_leaves_the_page_as_it_is_until_it_is_stale(opened: Opening) -> None:
    page = left_open(opened, "outage", "operational")
    page.route("**/index.html", lambda route: route.abort())
    page.clock.run_for(2 * MINUTE)
    assert page.locator("#open").is_visible()
    page.clock.run_for(20 * MINUTE)
    assert page.locator("#stale").is_visible()


def test_status_is_told_by_word_and_shape_and_not_by_colour_alone(opened: Opening) -> None:
    page = opened("outage")
    shapes = {
        state.inner_text().strip(): state.locator("path").get_attribute("d") for state in page.locator(".state").all()
    }
    assert {"Major outage", "Operational", "Degraded performance"} <= shapes.keys()
    assert len(set(shapes.values())) == len(shapes)
    heights = {kind: page.locator(f".bars .{kind}").first.bounding_box() for kind in ("fd", "fs")}
    assert heights["fd"] is not None
    assert heights["fs"] is not None
    assert heights["fd"]["height"] > heights["fs"]["height"]


def test_what_an_earlier_build_has_laid_out_keeps_its_looks_under_what_is_said_of_all_pages(
    opened: Opening, laid_out: Path
) -> None:
    text = (laid_out / "operational" / "index.html").read_text(encoding="utf-8")
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    earlier = f"{style}body{{outline-width:7px}}"
    digests = [b64encode(hashlib.sha256(css.encode()).digest()).decode() for css in (style, earlier)]
    (laid_out / "operational" / "earlier.html").write_text(
        text.replace(digests[0], digests[1]).replace(style, earlier), encoding="utf-8"
    )

    page = opened("operational", "earlier.html")
    assert page.evaluate("getComputedStyle(document.body).outlineWidth") == "7px"
    assert reloaded(page)[2] == []
