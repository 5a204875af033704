"""A scenario served before anything has happened in it: what HTTP says, and who is turned away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from defib.publish.page.build import build
from defib.publish.page.html import content_security_policy
from sim.serve.player import Mode
from tests.sim.served import Served, served


@pytest.fixture(scope="module")
def early() -> Iterator[Served]:
    """One for all tests that let no time pass: a minute and a half before anything fails."""
    with served("april-30") as april:
        april.until("12:01:30")
        april.player.pause()
        yield april


def test_it_answers_as_the_distribution_of_the_template_does(early: Served) -> None:
    page = early.get("/")
    assert page.code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"].startswith("public, max-age=15")
    assert page.headers["content-security-policy"] == content_security_policy()
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["strict-transport-security"] == "max-age=31536000"
    assert "access-control-allow-origin" not in page.headers
    assert early.get("/api/v2/summary.json", origin="https://a.example").headers["access-control-allow-origin"] == "*"


def test_the_page_says_which_build_has_made_it(early: Served) -> None:
    assert f'"build":"{build()}"' in early.get("/manifest.json").text


def test_what_a_browser_has_already_is_not_sent_again(early: Served) -> None:
    first = early.get("/api/v2/summary.json")
    again = early.get("/api/v2/summary.json", if_none_match=first.headers["etag"])
    assert (again.code, again.body) == (304, b"")


def test_of_head_there_are_the_headers_alone(early: Served) -> None:
    head = early.send("HEAD", "/")
    assert (head.code, head.body) == (200, b"")
    assert int(head.headers["content-length"]) > 1000


HOSTILE = (
    "/nothing-here",
    "/history",
    "/history/",
    "/../../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%5c..%5cdefib.toml",
    "/index.html%00.png",
    "/<script>alert(1)</script>",
    "/%ff%fe",
    "/" + "a" * 5000,
    "/manifest.json/",
    "/_replay/../defib.toml",
)


@pytest.mark.parametrize("target", HOSTILE)
def test_what_is_not_there_is_the_404_page(early: Served, target: str) -> None:
    answer = early.get(target)
    assert answer.code == 404
    assert "There is no such page" in answer.text
    assert "alert(1)" not in answer.text
    assert answer.headers["content-security-policy"] == content_security_policy()


def test_the_page_admits_its_age_by_virtual_time_not_by_the_browsers_clock(early: Served) -> None:
    page = early.get("/").text
    assert 'id="stale" role="alert" data-after="1000000000000" hidden' in page


def test_its_own_page_escapes_what_others_have_written(early: Served) -> None:
    shown = early.get("/_replay?still", host="localhost:1").text
    assert "localhost:1" in shown
    assert early.get("/_replay", host='localhost"><script>').code == 421


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"speed=1e9", {}, 400),
        (b"speed=nan", {}, 400),
        (b"speed=%00", {}, 400),
        (b"", {}, 400),
        (b"do=pause", {"sec_fetch_site": "cross-site"}, 403),
        (b"do=pause", {"origin": "https://evil.example"}, 403),
        (b"do=pause", {"host": "evil.example"}, 421),
    ],
)
def test_nobody_else_steers_it_and_nothing_else_is_understood(
    early: Served, body: bytes, headers: dict[str, str], code: int
) -> None:
    assert early.send("POST", "/_replay", body, **headers).code == code
    assert (early.player.mode, early.player.speed) == (Mode.PAUSED, 10)


def test_a_body_without_a_length_or_beyond_all_measure_is_refused(early: Served) -> None:
    assert early.send("POST", "/_replay", content_length="100000000000").code == 413
    assert early.send("POST", "/_replay", content_length="ten").code == 411
    assert early.send("POST", "/index.html", b"x").code == 403
    assert early.send("DELETE", "/_replay").code == 405
