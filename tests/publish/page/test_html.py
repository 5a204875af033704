from __future__ import annotations

import hashlib
import re
import shutil
from base64 import b64encode
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from defib.core.page.model import Page, PublicIncident
from defib.publish.page import build
from defib.publish.page.html import content_security_policy, documents
from tests.publish.page.pages import BORN, NOW, SETTINGS, minutes, past, settings_of, states, story, trouble

STATES = states()
WEIGHT_MAX = 60_000
VOID = {"meta", "link", "br", "path", "rect", "img"}


class Outline(HTMLParser):
    """Tags with their attributes, whether each is closed in order, and all text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.broken: list[str] = []
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.broken.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def read(page: Page, name: str = "") -> dict[str, str]:
    return {d.path: d.body.decode() for d in documents(page, settings_of(name))}


def main(page: Page, name: str = "") -> Outline:
    return Outline(read(page, name)["index.html"])


@pytest.mark.parametrize("state", STATES)
def test_every_page_is_well_formed_and_names_its_language(state: str) -> None:
    for text in read(STATES[state], state).values():
        outline = Outline(text)
        assert not outline.broken
        assert outline.of("html") == [{"lang": settings_of(state).language.value}]
        assert len(outline.of("h1")) == 1


@pytest.mark.parametrize("state", STATES)
def test_headings_skip_no_level(state: str) -> None:
    levels = [int(tag[1]) for tag, _ in main(STATES[state], state).tags if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("state", STATES)
def test_no_id_is_given_twice(state: str) -> None:
    ids = [attributes["id"] for _, attributes in main(STATES[state], state).tags if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("state", STATES)
def test_every_link_within_the_page_leads_somewhere(state: str) -> None:
    pages = read(STATES[state], state)
    elsewhere = {"history.rss", "history.atom", "api/v2/summary.json"}
    for path, text in pages.items():
        for link in Outline(text).of("a"):
            where = urlsplit(urljoin(f"https://page.example/{path}", link["href"] or ""))
            if where.hostname != "page.example":
                continue
            local = where.path.removeprefix("/") or "index.html"
            assert local in pages or local in elsewhere, (path, link)
            if where.fragment:
                assert f'id="{where.fragment}"' in pages[local], (path, link)


def test_the_banner_the_title_and_the_icon_say_how_it_is() -> None:
    titles = {state: re.search("<title>(.*?)</title>", read(STATES[state], state)["index.html"]) for state in STATES}
    assert titles["operational"] is not None
    assert titles["operational"][1] == "All systems operational · Example CI"
    assert titles["outage"] is not None
    assert titles["outage"][1] == "Some systems are down · Example CI"
    icons = {
        state: main(STATES[state], state).of("link")[0]["href"] for state in ("operational", "outage", "identified")
    }
    assert len(set(icons.values())) == 3


def test_only_the_main_page_is_put_anew_when_nothing_has_changed() -> None:
    page = STATES["outage"]
    before, after = read(page), read(replace(page, generated_at=NOW + minutes(5)))
    assert [path for path in before if before[path] != after[path]] == ["index.html"]


def test_open_incidents_stand_before_the_components_the_worst_first() -> None:
    text = read(STATES["outage"])["index.html"]
    assert text.index("Website: outage") < text.index("macOS builds: degraded performance") < text.index(">Components<")


def test_what_is_resolved_stands_under_its_day_and_the_others_say_that_nothing_was_reported() -> None:
    outline = main(STATES["resolved"])
    assert "Open incidents" not in outline.text
    assert re.search(r"30 April 2026\s*Website: outage\s*Resolved – Website works again", outline.text)
    assert outline.text.count("No incidents reported.") == 14 - 5


def test_a_day_of_an_open_incident_is_not_said_to_be_without_one() -> None:
    past = main(STATES["outage"]).text.partition("Past incidents")[2]
    assert not re.search(r"30 April 2026\s*No incidents reported.", past)
    assert "No incidents reported." in past


def test_a_group_is_open_when_something_in_it_is_wrong() -> None:
    assert "open" in main(STATES["outage"]).of("details")[0]
    assert "open" not in main(STATES["operational"]).of("details")[0]


def test_each_bar_of_a_bad_day_links_to_that_day_and_says_it_in_words() -> None:
    text = read(STATES["outage"])["index.html"]
    title = "<title>30 April 2026: Major outage, 5 minutes of trouble</title>"
    assert f'<a href="history/2026-04.html#d30">{title}<rect class="fd"' in text


def test_before_the_page_began_there_is_no_green() -> None:
    text = read(STATES["new"])["index.html"]
    assert 'class="b bn"' in text
    assert "M445 22H449" in text


def test_uptime_says_since_when_it_counts_while_that_is_not_all_of_the_days_shown() -> None:
    first_day, old = main(story(born=NOW - minutes(5))).text, main(STATES["operational"]).text
    assert "100.00 % uptime since 30 April 2026" in first_day
    assert "uptime since" not in old
    assert "uptime since" not in main(story(born=NOW - minutes(24 * 60 * 90))).text


def test_where_half_of_the_days_are_shown_uptime_says_how_many_it_counts() -> None:
    text = read(story(born=BORN))["index.html"]
    whole, half = "100.00 % uptime", "100.00 % uptime in 90 days"
    assert f'<span class="many">{whole}</span><span class="few">{half}</span>' in text


def test_planned_outages_are_announced_with_their_times() -> None:
    outline = main(STATES["planned"])
    assert "Planned maintenance: Website" in outline.text
    assert {"datetime": "2026-05-03T00:00:00Z", "data-local": None} in outline.of("time")


def test_times_are_in_utc_and_say_so_where_no_script_runs() -> None:
    text = read(STATES["outage"])["index.html"]
    times = re.findall(r"<time[^>]*>(.*?)</time>", text)
    assert times
    assert all(time.endswith(" UTC") for time in times)


def test_the_page_says_when_it_was_made_and_how_to_tell_that_it_is_stale() -> None:
    outline = main(STATES["operational"])
    assert "Generated 30 April 2026, 12:05 UTC. This page is made anew at least every 5 minutes." in outline.text
    (stale,) = (p for p in outline.of("p") if p.get("id") == "stale")
    assert stale["data-after"] == "900"
    assert "hidden" in stale


def test_german_is_german_throughout() -> None:
    outline = main(STATES["german"], "german")
    for english in ("Operational", "Subscribe", "uptime", "Components", "ago", "Generated", "Next update"):
        assert english not in outline.text.replace("api/v2", "")


def test_an_incident_has_a_page_of_its_own_for_ever_at_the_same_address() -> None:
    began = NOW - minutes(5)
    opened = (began + minutes(2), (trouble("web", began),))
    early, late = story(opened), story(opened, (NOW, ()))
    path = f"incidents/{early.incidents[0].id}.html"
    assert "Identified" in Outline(read(early)[path]).text
    assert "Resolved" in Outline(read(late)[path]).text


def test_an_incident_over_midnight_stands_under_both_days() -> None:
    late = NOW.replace(hour=23, minute=50)
    page = story((late + minutes(3), (trouble("web", late),)), (late + minutes(30), ()), now=late + minutes(60))
    months = read(page)
    assert 'id="d30"' in months["history/2026-04.html"]
    assert 'id="d1"' in months["history/2026-05.html"]


class TestWeight:
    def test_the_main_page_is_one_request_and_light_even_with_ten_components_and_a_bad_quarter(self) -> None:
        page = story(*past(1000, every=minutes(2 * 60)))
        more = tuple(replace(c, key=f"{c.key}2", name=f"{c.name} 2") for c in page.components)
        text = read(replace(page, components=(*page.components, *more)))["index.html"]
        assert len(text.encode()) <= WEIGHT_MAX
        outline = Outline(text)
        assert not [a for tag, a in outline.tags if tag in ("script", "img", "iframe") and a.get("src")]
        assert [link["rel"] for link in outline.of("link") if link["rel"] == "stylesheet"] == []

    def test_what_it_leaves_out_it_says_and_leads_to(self) -> None:
        text = read(story(*past(200, every=minutes(2 * 60))))["index.html"]
        assert '<a href="history/2026-04.html#d28">10 more</a>' in text
        assert text.count("<rect") <= 12 * 5

    def test_a_page_with_no_past_at_all_is_light_too(self) -> None:
        assert len(read(story(born=BORN))["index.html"].encode()) <= WEIGHT_MAX / 2


class TestHostileText:
    TEXT = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"

    def hostile(self) -> dict[str, str]:
        page = STATES["outage"]
        components = tuple(replace(c, name=self.TEXT, description=self.TEXT, group=self.TEXT) for c in page.components)
        incidents = tuple(self._of(incident) for incident in page.incidents)
        planned = tuple(replace(o, name=self.TEXT, body=self.TEXT) for o in STATES["planned"].planned)
        settings = replace(SETTINGS, title=self.TEXT, support_url='https://x.example/"onclick="alert(1)')
        whole = replace(page, components=components, incidents=incidents, planned=planned)
        return {d.path: d.body.decode() for d in documents(whole, settings)}

    def _of(self, incident: PublicIncident) -> PublicIncident:
        updates = tuple(
            replace(u, body=self.TEXT, affected=tuple(replace(a, name=self.TEXT) for a in u.affected))
            for u in incident.updates
        )
        return replace(incident, name=self.TEXT, updates=updates)

    def test_nothing_that_is_said_becomes_markup_or_a_template(self) -> None:
        for text in self.hostile().values():
            outline = Outline(text)
            assert not outline.broken
            assert len(outline.of("script")) == 1
            assert not outline.of("img")
            assert not [a for _, attributes in outline.tags for a in attributes if a.startswith("on")]
            assert "{{ 7*7 }}" in text
            assert text.count("{{ 7*7 }}") >= 2


def test_every_page_allows_the_style_and_the_script_that_it_brings_and_no_other() -> None:
    for path, text in read(STATES["outage"]).items():
        (policy,) = (a["content"] for a in Outline(text).of("meta") if "http-equiv" in a)
        assert policy is not None, path
        for tag in ("style", "script"):
            (inner,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
            assert f"{tag}-src 'sha256-{b64encode(hashlib.sha256(inner.encode()).digest()).decode()}'" in policy
        assert "unsafe" not in policy
        assert text.index("http-equiv") < text.index("<style>"), "what comes before it is not held to it"


def test_what_cloudfront_says_fits_the_pages_of_every_build() -> None:
    policy = content_security_policy()
    assert policy.startswith("default-src 'none'")
    assert "sha256" not in policy
    assert "http" not in policy


def test_a_build_is_known_by_all_that_its_pages_are_made_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(build.TEMPLATES, tmp_path / "templates")
    monkeypatch.setattr(build, "TEMPLATES", tmp_path / "templates")
    seen = {build.build()}
    for path in sorted((tmp_path / "templates").iterdir()):
        path.write_bytes(path.read_bytes() + b" ")
        seen.add(build.build())
    assert len(seen) == 1 + len(list(build.TEMPLATES.iterdir()))


def test_a_page_needs_no_inline_style() -> None:
    assert not [a for _, a in main(STATES["outage"]).tags if "style" in a]


def test_a_form_stands_on_every_page_where_customers_may_subscribe_and_nowhere_else() -> None:
    at = "https://api.example.com/subscribe"
    for document in documents(STATES["outage"], SETTINGS, at):
        (form,) = Outline(document.body.decode()).of("form")
        assert (form["method"], form["action"]) == ("post", at)
    for document in documents(STATES["outage"], SETTINGS):
        assert not Outline(document.body.decode()).of("form")


def test_the_form_may_be_sent_to_its_own_origin_alone() -> None:
    assert "form-action 'none';" in content_security_policy()
    assert "form-action https://api.example.com;" in content_security_policy("https://api.example.com")
