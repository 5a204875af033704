"""The form for e-mail and its answers: on every screen, by keyboard, without scripts, to one origin only."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Request, Route

from defib.core.page.subscribing import Answer
from defib.publish.page.answers import answer_page, headers
from tests.browser.conftest import Opening
from tests.browser.reading import PHONE, violations
from tests.publish.page.pages import API, SETTINGS, URL


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["operational", "german"])
@pytest.mark.parametrize("answer", Answer)
def test_axe_finds_nothing_to_object_to_in_an_answer(opened: Opening, answer: Answer, state: str, scheme: str) -> None:
    page = opened(state, f"{answer}.html", color_scheme=scheme)
    assert violations(page) == []
    assert page.locator("h1").is_visible()


@pytest.mark.parametrize("answer", Answer)
def test_on_a_phone_an_answer_needs_no_scrolling_sideways(opened: Opening, answer: Answer) -> None:
    page = opened("german", f"{answer}.html", viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("java_script", [True, False])
def test_the_form_is_sent_by_keyboard_with_and_without_a_script(opened: Opening, java_script: bool) -> None:
    page = opened("outage", java_script_enabled=java_script)
    sent: list[Request] = []

    def answered(route: Route) -> None:
        sent.append(route.request)
        route.fulfill(status=200, headers=headers(), body=answer_page(Answer.SENT, SETTINGS, URL))

    page.route(f"{API}/**", answered)
    page.get_by_label("E-mail address").focus()
    page.keyboard.type("ann@example.com")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{API}/subscribe")

    (request,) = sent
    assert request.method == "POST"
    assert parse_qs(request.post_data or "") == {"email": ["ann@example.com"]}
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert page.get_by_role("heading", level=1).inner_text() == "Check your inbox"
    assert page.get_by_role("link", name="Current status").get_attribute("href") == f"{URL}/"


def test_the_form_goes_nowhere_else_whatever_becomes_of_it(opened: Opening) -> None:
    page = opened("outage")
    page.evaluate("document.forms[0].action = 'https://elsewhere.example/'")
    page.get_by_label("E-mail address").fill("ann@example.com")
    # Not by a click: the driver would wait for a navigation that never comes.
    with page.expect_console_message(lambda message: "form-action" in message.text):
        page.evaluate("document.forms[0].requestSubmit()")
    assert page.url.endswith("/outage/index.html")


def test_the_browser_itself_refuses_what_is_no_address(opened: Opening) -> None:
    page = opened("outage")
    for text in ("", "ann"):
        page.get_by_label("E-mail address").fill(text)
        page.get_by_role("button").click()
        assert page.evaluate("document.forms[0].checkValidity()") is False
    assert page.url.endswith("/outage/index.html")


def test_what_the_form_means_is_told_to_those_who_do_not_see_it(opened: Opening) -> None:
    field = opened("german").get_by_label("E-Mail-Adresse")
    assert field.get_attribute("aria-describedby") == "mail-note"
    assert field.get_attribute("autocomplete") == "email"
