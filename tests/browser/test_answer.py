"""The page behind a link, in a real browser: on a phone at 3 a.m., without a script, with a keyboard, for every eye."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Page

from defib.answer.render import response
from tests.browser.conftest import reloaded
from tests.browser.reading import PHONE, violations
from tests.publish.answer_pages import HOSTILE, pages

PAGES = pages()

Opening = Callable[..., Page]


class Serving(ThreadingHTTPServer):
    """Answers as the function does, and remembers what is posted."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posted: list[dict[str, list[str]]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Serving

    def do_GET(self) -> None:
        self._send(self.path.rpartition("/")[2])

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        assert self.headers["content-type"] == "application/x-www-form-urlencoded"
        assert self.headers.get("referer") is None, "the link must not travel on"
        self.server.posted.append(parse_qs(body, keep_blank_values=True))
        self._send("taken")

    def _send(self, name: str) -> None:
        answer: dict[str, Any] = {"statusCode": 404, "headers": {}, "body": ""}
        if name in PAGES:
            answer = response(self.command, PAGES[name])
        self.send_response(answer["statusCode"])
        for header, value in answer["headers"].items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(answer["body"].encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has there
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[Serving]:
    serving = Serving()
    Thread(target=serving.serve_forever, daemon=True).start()
    yield serving
    serving.shutdown()
    serving.server_close()


@pytest.fixture
def opened(chromium: Browser, server: Serving) -> Iterator[Opening]:
    """Opens a page by its name: ``opened("question", color_scheme="dark")``. No page needs a script."""
    server.posted.clear()
    contexts = []

    def open_it(name: str, **options: Any) -> Page:
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto(f"http://127.0.0.1:{server.server_port}/a/{name}")
        return page

    yield open_it
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", [name for name in PAGES if not name.startswith(HOSTILE)])
def test_axe_finds_nothing_to_object_to_on_a_phone_and_nothing_has_to_be_scrolled_sideways(
    opened: Opening, name: str, scheme: str
) -> None:
    page = opened(name, viewport=PHONE, color_scheme=scheme)

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_without_a_script_one_types_a_name_and_presses_one_button(opened: Opening, server: Serving) -> None:
    page = opened("question", viewport=PHONE, java_script_enabled=False)
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="No, leave it to us").click()

    assert page.get_by_role("heading", level=1).inner_text().startswith("Thank you")
    assert server.posted == [{"by": ["Ada"], "answer": ["reject"]}]


def test_enter_in_the_name_field_answers_nothing(opened: Opening, server: Serving) -> None:
    page = opened("question")
    page.evaluate("window.sent = 0; document.forms[0].addEventListener('submit', () => window.sent++)")
    page.get_by_label("Your name").fill("Ada")
    page.keyboard.press("Enter")

    assert page.evaluate("window.sent") == 0
    assert page.get_by_role("heading", level=1).inner_text() == "May Defib repair web-1?"
    assert server.posted == []


def test_without_a_name_no_button_sends_anything(opened: Opening, server: Serving) -> None:
    page = opened("question")
    page.get_by_role("button", name="Yes, repair it").click()

    assert server.posted == []
    assert page.get_by_label("Your name").evaluate("field => field.matches(':invalid')")


def test_the_keyboard_goes_from_the_name_to_each_button_and_every_stop_can_be_seen(
    opened: Opening, server: Serving
) -> None:
    page = opened("question")
    stops = []
    for _ in range(3):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.value || document.activeElement.id"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Yes, repair it").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("main.done")

    assert stops == ["by", "approve", "reject"]
    assert server.posted == [{"by": ["Ada"], "answer": ["approve"]}]


def test_buttons_are_large_enough_for_a_thumb(opened: Opening) -> None:
    page = opened("question", viewport=PHONE)
    buttons = page.get_by_role("button").all()
    assert buttons
    for button in buttons:
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 48
        assert box["width"] >= 280


def test_a_mistake_is_told_beside_the_field_and_the_name_is_kept(opened: Opening) -> None:
    page = opened("mistaken")
    field = page.get_by_label("Your name")

    assert field.get_attribute("aria-invalid") == "true"
    assert page.locator(f"#{field.get_attribute('aria-describedby')}").inner_text().startswith("A name has at most")
    assert field.input_value().startswith("aaa")


def test_how_it_looks_is_told_by_shape_and_not_by_colour_alone(opened: Opening) -> None:
    names = ("question", "taken", "used", "invalid")
    shapes = {opened(name).locator("main path").first.get_attribute("d") for name in names}

    assert len(shapes) == len(names)


def test_the_page_is_one_small_request_and_breaks_no_policy(opened: Opening, server: Serving) -> None:
    body, requests, complaints = reloaded(opened("question"))

    assert len(body) <= 10_000
    assert [url for url in requests if "favicon" not in url] == [f"http://127.0.0.1:{server.server_port}/a/question"]
    assert [said for said in complaints if "favicon" not in said] == []


def test_nothing_that_anybody_can_write_runs(opened: Opening) -> None:
    hostile = [name for name in PAGES if name.startswith(HOSTILE)]
    assert hostile
    for name in hostile:
        page = opened(name)
        assert page.evaluate("window.hit") is None, name
        assert page.locator("script, img, iframe, [onload], [onerror]").count() == 0
