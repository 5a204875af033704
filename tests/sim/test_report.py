from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest

from sim.recording import Recording
from sim.report.canvas import Scale
from sim.report.flags import Flag, hang
from sim.report.letters import files
from sim.report.page import render, render_timeline, write
from sim.report.timeline import NARROW, WIDE, draw
from sim.report.tone import DARK, LIGHT, Palette, Tone, tone
from tests.sim.report_recordings import (
    APRIL_30,
    FALSE_ALARM,
    FAULT,
    HANDED_OVER,
    LARGE_FLEET,
    MANY_FAULTS,
    at,
    every_kind,
    poisoned,
)

SVG = "{http://www.w3.org/2000/svg}"


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def bars(svg: str) -> dict[str, float]:
    rects = ET.fromstring(svg).iter(f"{SVG}rect")
    return {r.attrib["data-bar"]: float(r.attrib["width"]) for r in rects if "data-bar" in r.attrib}


@every_kind
def test_the_page_asks_nothing_of_the_network(recording: Recording, tmp_path: Path) -> None:
    html = write(recording, tmp_path / "made" / "on the way").read_text(encoding="utf-8")
    page = Elements(html)
    assert {tag for tag, _ in page.found}.isdisjoint({"script", "iframe", "img", "object", "embed", "base", "form"})
    references = [v for _, attrs in page.found for k, v in attrs.items() if k in {"src", "href", "srcset", "action"}]
    beside = {f"messages/{quote(name)}" for name in files(recording)}
    assert [r for r in references if r not in beside] == ["data:,"], "the empty icon, so that a browser asks for none"
    assert "@import" not in html
    assert "url(" not in html


def test_the_page_and_the_picture_are_two_files_with_the_messages_beside_them(tmp_path: Path) -> None:
    page = write(APRIL_30, tmp_path)
    assert page == tmp_path / "index.html"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["index.html", "messages", "timeline.svg"]


@every_kind
def test_hostile_text_stays_text(recording: Recording) -> None:
    page = Elements(render(poisoned(recording)))
    assert "script" not in {tag for tag, _ in page.found}
    assert not [k for _, attrs in page.found for k in attrs if k.startswith("on")]
    assert "{{ 7*7 }}" in page.text
    assert "\x1b" not in page.text


@every_kind
def test_hostile_text_leaves_the_picture_well_formed(recording: Recording) -> None:
    picture = ET.fromstring(render_timeline(poisoned(recording)))
    assert picture.find(f".//{SVG}script") is None


@pytest.mark.parametrize("medium", ["email", "sms"])
def test_each_message_is_shown_in_full(medium: str) -> None:
    text = Elements(render(APRIL_30)).text
    sent = [m for m in APRIL_30.messages if m.medium == medium]
    assert sent
    assert all(m.body in text and m.to in text and m.subject in text for m in sent)


def test_every_decision_and_action_is_shown_with_its_reason() -> None:
    text = Elements(render(APRIL_30)).text
    assert all(d.reason in text for d in APRIL_30.decisions)
    assert all(a.reason in text and a.detail in text for a in FAULT.actions)


def test_a_share_is_never_parted_from_its_percent_sign() -> None:
    assert set(re.findall(r"\(\d+(\D)%\)", render(APRIL_30))) == {"\N{NO-BREAK SPACE}"}


def test_a_replay_in_which_nothing_happened_says_so() -> None:
    text = Elements(render(FALSE_ALARM)).text
    assert "All quiet" in text
    assert "nobody was disturbed" in text
    assert "7 instances stayed healthy" in text
    assert "step by step" not in text


def test_a_failed_expectation_is_the_verdict() -> None:
    text = Elements(render(HANDED_OVER)).text
    assert "✗ 1 of 1 expectation failed" in text
    assert "until people were asked to take over web-2" in text


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_text_is_readable_on_its_ground(palette: Palette) -> None:
    colours = palette.colours
    pairs = [(f"{name.removesuffix('-ink')}", name) for name in colours if name.endswith("-ink")]
    pairs += [(ground, ink) for ground in ("ground", "card") for ink in ("ink", "muted", "accent", "then", "now")]
    weak = {(g, i): contrast(colours[g], colours[i]) for g, i in pairs if contrast(colours[g], colours[i]) < 4.5}
    assert weak == {}


def contrast(ground: str, ink: str) -> float:
    """The ratio that WCAG 2 defines."""
    light, dark = sorted((luminance(ground), luminance(ink)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# The picture


def test_both_outages_are_drawn_to_one_scale() -> None:
    drawn = bars(render_timeline(APRIL_30))
    assert drawn["now"] / drawn["then"] == pytest.approx((11 * 60 + 5) / 3600, rel=1e-3)


def test_a_repair_slower_than_the_original_is_drawn_longer() -> None:
    slow = dataclasses.replace(APRIL_30, original=timedelta(minutes=5))
    drawn = bars(render_timeline(slow))
    assert drawn["then"] / drawn["now"] == pytest.approx(300 / 665, rel=1e-3)


def test_without_an_original_outage_nothing_is_compared() -> None:
    assert bars(render_timeline(HANDED_OVER)) == {}


@every_kind
def test_the_picture_says_in_words_what_it_shows(recording: Recording) -> None:
    picture = ET.fromstring(render_timeline(recording))
    title, description = picture.find(f"{SVG}title"), picture.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert picture.attrib["role"] == "img"
    assert picture.attrib["aria-labelledby"].split() == [title.attrib["id"], description.attrib["id"]]
    assert all(f"{f.name} failed at" in (description.text or "") for f in recording.faults[:3])


@pytest.mark.parametrize("form", [WIDE, NARROW], ids=lambda f: f.name)
@every_kind
def test_nothing_is_drawn_outside_the_picture(recording: Recording, form: object) -> None:
    drawing = draw(recording, WIDE if form is WIDE else NARROW)
    boxes = drawing.canvas.boxes
    assert all(b.x >= 0 and b.x + b.width <= drawing.form.width and b.y + b.height <= drawing.height for b in boxes)
    ends = [w.x + drawing.canvas.measure(w.text) for w in drawing.canvas.words if w.anchor == "start"]
    assert max(ends) <= drawing.form.width + 1


@pytest.mark.parametrize("form", [WIDE, NARROW], ids=lambda f: f.name)
@every_kind
def test_the_name_of_a_row_ends_before_what_it_names(recording: Recording, form: object) -> None:
    drawing = draw(recording, WIDE if form is WIDE else NARROW)
    names = [w for w in drawing.canvas.words if w.style.startswith("row")]
    assert max(w.x + drawing.canvas.measure(w.text) for w in names) <= drawing.form.gutter


@pytest.mark.parametrize("seconds", [40, 60, 90, 300, 1_200])
def test_times_on_the_axis_never_cover_one_another(seconds: int) -> None:
    started = FALSE_ALARM.started_at
    short = dataclasses.replace(
        FALSE_ALARM, faults=(), decisions=(), messages=(), ended_at=started + timedelta(seconds=seconds)
    )
    for form in (WIDE, NARROW):
        drawing = draw(short, form)
        texts = [w for w in drawing.canvas.words if w.style == "tick" and w.anchor == "middle"]
        ends = [(w.x - drawing.canvas.measure(w.text) / 2, w.x + drawing.canvas.measure(w.text) / 2) for w in texts]
        assert len(texts) > 1
        assert all(left >= right for (_, right), (left, _) in pairwise(ends))


def test_the_healthy_of_a_large_fleet_are_one_line_with_their_count() -> None:
    few, many = draw(APRIL_30, WIDE), draw(LARGE_FLEET, WIDE)
    assert many.height <= few.height
    assert "✓ 199 instances stayed healthy" in [w.text for w in many.canvas.words]


def test_many_failing_instances_get_a_row_each_and_then_a_count() -> None:
    words = [w.text for w in draw(MANY_FAULTS, WIDE).canvas.words]
    assert "▲ and 30 more instances in trouble" in words


def test_status_is_told_by_symbol_and_word() -> None:
    words = [w.text for w in draw(APRIL_30, WIDE).canvas.words]
    assert {"✗ impaired", "✗ unhealthy", "✓ ok", "✓ running", "✓ healthy"} <= set(words)


def test_no_two_tones_share_a_symbol() -> None:
    assert len({t.symbol for t in Tone}) == len(Tone)


def test_an_unknown_status_is_neither_good_nor_bad() -> None:
    assert tone("quantum") is Tone.IDLE


def test_time_marks_are_round_clock_times() -> None:
    scale = Scale(at("12:02:13"), at("12:14:50"), 0, 700)
    ticks = scale.ticks(100)
    assert ticks[0] == at("12:04:00")
    assert {b - a for a, b in pairwise(ticks)} == {timedelta(minutes=2)}
    assert ticks[-1] == at("12:14:00")


def test_labels_of_close_moments_never_cover_one_another() -> None:
    flags = [Flag(x, 60) for x in (10, 12, 14, 40, 290, 295)]
    places = hang(flags, 300, 7)
    spots = [p for p in places if p]
    assert len(spots) == len(flags)
    for one, other in ((a, b) for a in spots for b in spots if a is not b and a.level == b.level):
        assert one.left + 60 <= other.left or other.left + 60 <= one.left


def test_labels_without_room_are_left_out() -> None:
    assert [p is None for p in hang([Flag(10, 60), Flag(11, 60)], 300, 1)] == [True, False]
