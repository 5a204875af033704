"""What customers saw of a replay: the story, and the page at each of its moments."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sim.reader import as_read_at
from sim.recording import Recording
from sim.replay import ROOT, replay
from sim.report.page import render, render_timeline, write
from sim.report.snapshots import folders
from sim.scenario_file import load


@pytest.fixture(scope="module")
def april_30() -> Recording:
    return replay(load(ROOT / "scenarios" / "april-30.toml"), "april-30")


def test_the_page_is_kept_at_each_change_and_not_at_each_renewal(april_30: Recording) -> None:
    assert [moment.indicator for moment in april_30.pages] == ["none", "minor", "minor", "none"]
    assert [moment.version for moment in april_30.pages] == [1, 2, 3, 4]


def test_each_update_stood_on_the_page_of_its_moment(april_30: Recording) -> None:
    pages = {moment.at: moment.files["index.html"].body.decode() for moment in april_30.pages}

    assert [update.status for update in april_30.updates] == ["identified", "monitoring", "resolved"]
    assert all(update.body in pages[update.at] for update in april_30.updates)


def test_after_a_hand_over_customers_are_told_of_no_repair() -> None:
    scenario = load(ROOT / "scenarios" / "never-comes-back.toml")
    played = replay(replace(scenario, until=timedelta(minutes=40)), "never-comes-back")

    (fault,) = played.faults
    assert fault.escalated_at is not None
    before = [update.body for update in played.updates if update.at < fault.escalated_at]
    after = [update.body for update in played.updates if update.at >= fault.escalated_at]
    assert before
    assert after
    assert all("are repairing" in body for body in before)
    assert not [body for body in after if "are repairing" in body]


def test_the_report_links_to_the_page_as_it_was(april_30: Recording, tmp_path: Path) -> None:
    html = write(april_30, tmp_path).read_text(encoding="utf-8")

    links = re.findall(r'href="(status/[^"]+)"', html[html.index("What customers saw") :])
    assert links == [f"status/{folder}/index.html" for folder, _ in folders(april_30)]
    assert all((tmp_path / link).read_bytes() for link in links)


def test_the_timeline_links_to_the_page_as_it_was_and_the_picture_alone_does_not(april_30: Recording) -> None:
    links = re.findall(r'<a href="status/[^"]+/index.html"><text [^>]*>([a-z]+)</text></a>', render(april_30))
    assert links == ["identified", "monitoring", "resolved"] * 2
    assert "<a " not in render_timeline(april_30)


def test_a_page_that_is_kept_says_of_itself_only_what_was_true_at_its_moment(
    april_30: Recording, tmp_path: Path
) -> None:
    write(april_30, tmp_path)
    for folder, _ in folders(april_30):
        kept = (tmp_path / "status" / folder / "index.html").read_text(encoding="utf-8")
        assert 'data-after="1000000000000" hidden' in kept


def test_by_virtual_time_too_a_page_that_is_old_admits_it(april_30: Recording) -> None:
    moment = april_30.pages[-1]
    page = moment.files["index.html"].body
    assert b"hidden" in as_read_at(moment.at + timedelta(minutes=15), page)
    old = as_read_at(moment.at + timedelta(minutes=16), page)
    assert b'data-after="1000000000000">' in old
    assert as_read_at(moment.at, b"<p>no page") == b"<p>no page"
