from __future__ import annotations

import io
import re
import sys
from datetime import datetime
from pathlib import Path

import pytest
from rich.console import Console

from sim.recording import Recording
from sim.report.live import LiveView
from tests.sim.report_recordings import (
    APRIL_30,
    HANDED_OVER,
    LARGE_FLEET,
    WEB_2,
    at,
    every_kind,
    poisoned,
)


def terminal(recording: Recording, *, tty: bool, width: int = 80) -> str:
    """Everything a replay with a few events prints."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=tty, width=width, height=30, color_system="truecolor" if tty else None)
    with LiveView(recording.title, recording.started_at, recording.ended_at, console) as view:
        for track in recording.instances:
            view.instance(track.instance_id, track.name, track.zone, "running", "ok", "")
        view.event(at("12:03:00"), "fault", "web-2", f"zombie {recording.title}")
        view.event(at("12:04:15"), "signal", "web-2", "the sweep looked at it")
        view.event(at("12:05:30"), "action", "web-2", f"reboot: {recording.story}")
    view.finished(recording, Path("out/index.html"))
    return out.getvalue()


@every_kind
def test_a_log_has_no_escape_codes_and_fits_a_narrow_terminal(recording: Recording) -> None:
    printed = terminal(poisoned(recording), tty=False)
    assert "\x1b" not in printed
    assert max(len(line) for line in printed.splitlines()) <= 100


def test_a_log_keeps_only_the_important_events() -> None:
    printed = terminal(APRIL_30, tty=False)
    assert "✗ fault" in printed
    assert "▶ action" in printed
    assert "the sweep looked at it" not in printed


def test_a_terminal_shows_the_fleet_and_every_event() -> None:
    printed = terminal(APRIL_30, tty=True)
    assert "✓ running" in printed
    assert "the sweep looked at it" in printed


def test_the_terminal_stays_the_same_while_a_function_runs_that_writes_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, of_a_function = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", ours)
    with LiveView(APRIL_30.title, APRIL_30.started_at, APRIL_30.ended_at) as view:
        monkeypatch.setattr(sys, "stdout", of_a_function)
        view.say("the screen is drawn")

    assert "the screen is drawn" in ours.getvalue()
    assert of_a_function.getvalue() == ""


def test_hostile_text_cannot_move_the_terminal() -> None:
    assert "\x1b[2J" not in terminal(poisoned(APRIL_30), tty=True)


def test_the_summary_shows_each_sms_exactly_and_the_telling_emails_in_full() -> None:
    printed = unframed(terminal(APRIL_30, tty=False, width=100))
    assert all(unframed(m.body) in printed for m in APRIL_30.messages if m.medium == "sms")
    for mail in (m for m in APRIL_30.messages if m.medium == "email"):
        assert (unframed(mail.body) in printed) == (mail.notice != "progress")
    assert "and 1 e-mail more, in the page" in printed


def unframed(text: str) -> str:
    """The words of a text, however it is framed or wrapped."""
    return " ".join(re.sub("[│╭╮╰╯]|─{2,}", " ", text).split())


def test_the_summary_compares_and_judges() -> None:
    printed = terminal(APRIL_30, tty=False)
    assert "60 min then, 11 min 5 s now" in printed
    assert "AWS itself imposes 10 min 24 s of 11 min 5 s (94 %)" in printed
    assert "✓ PASSED" in printed
    assert "Page: out/index.html" in printed


def test_the_summary_counts_the_dead_on_arrival_by_service_zone_and_type() -> None:
    assert "dead on arrival: 2 × worker, us-east-1c, m7g.large" in terminal(APRIL_30, tty=False)


def test_the_summary_of_a_failed_replay_names_what_failed() -> None:
    printed = terminal(HANDED_OVER, tty=False)
    assert re.search(r"✗ FAILED +web-2 is healed +within 12 min +never", printed)
    assert "✓ PASSED" not in printed


def test_a_large_fleet_shows_the_troubled_first_and_counts_the_rest() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100, height=30, record=True)
    view = LiveView("large", at("12:00:00"), at("12:30:00"), console)
    for track in LARGE_FLEET.instances:
        ill = track is WEB_2
        view.instance(track.instance_id, track.name, track.zone, "running", "impaired" if ill else "ok", "")
    console.print(view._screen())
    lines = [line for line in console.export_text().splitlines() if line.strip()]
    assert lines[2].startswith("web-2")
    assert "more, all running and well" in lines[-1]
    assert len(lines) <= 30


def test_the_moment_of_an_event_is_shown_in_utc() -> None:
    out = io.StringIO()
    east = datetime.fromisoformat("2026-04-30T14:03:00+02:00")
    with LiveView("t", at("12:00:00"), at("12:30:00"), Console(file=out, width=80)) as view:
        view.event(east, "fault", "web-2", "zombie")
    assert "12:03:00  ✗ fault" in out.getvalue()
