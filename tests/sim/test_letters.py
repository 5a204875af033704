"""Each message that people receive is a file, and a few scenarios' are kept for readers."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from defib.core.words import SMS_MAX
from sim.recording import Message
from sim.report import letters, shown
from sim.report.page import write
from tests.sim.replays import SCENARIOS, replayed
from tests.sim.report_recordings import APRIL_30, FALSE_ALARM, at, poisoned


def message(medium: str = "email", to: str = "oncall@example.com", body: str = "It works again.") -> Message:
    return Message(at("12:04:58"), medium, to, "web-2 works" if medium == "email" else "", body, "web-1", "resolved")


def test_the_files_stand_in_the_order_of_arrival_and_name_time_medium_and_address() -> None:
    later = replace(message("sms", "+12025550123"), at=at("12:05:00"))

    names = list(letters.files(replace(APRIL_30, messages=(later, message()))))

    assert names == [
        "001-12-04-58-email-oncall@example.com.txt",
        "002-12-05-00-sms-+12025550123.txt",
    ]


def test_an_e_mail_has_its_headers_before_its_body() -> None:
    (text,) = letters.files(replace(APRIL_30, messages=(message(),))).values()

    headers, _, body = text.partition("\n\n")
    assert headers.splitlines()[1:] == [
        "To: oncall@example.com",
        "Date: 2026-04-30 12:04:58 UTC",
        "Subject: web-2 works",
    ]
    assert body == "It works again.\n"


def test_a_text_has_no_subject() -> None:
    (text,) = letters.files(replace(APRIL_30, messages=(message("sms", "+12025550123"),))).values()

    assert "Subject:" not in text


def test_what_goes_to_machines_is_the_json_alone() -> None:
    sent = message("https", "https://events.example.com/v2/enqueue?key=1", '{"incident": "web-1", "service": "web"}')

    ((name, text),) = letters.files(replace(APRIL_30, messages=(sent,))).items()

    assert name == "001-12-04-58-https-https-events.example.com-v2-enqueue-key-1.json"
    assert json.loads(text) == {"incident": "web-1", "service": "web"}


def test_no_address_leaves_the_folder(tmp_path: Path) -> None:
    write(replace(APRIL_30, messages=(message(to="../../../etc/passwd"), message(to="a" * 300))), tmp_path / "out")

    assert len(list((tmp_path / "out" / "messages").iterdir())) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_hostile_text_moves_no_cursor() -> None:
    assert not [text for text in letters.files(poisoned(APRIL_30)).values() if "\x1b" in text]


def test_a_second_replay_leaves_no_message_of_the_first(tmp_path: Path) -> None:
    write(APRIL_30, tmp_path)
    write(FALSE_ALARM, tmp_path)

    assert list((tmp_path / "messages").iterdir()) == []


# Kept for readers


@pytest.mark.parametrize("scenario", shown.SHOWN)
def test_the_messages_kept_for_readers_are_those_that_people_receive(scenario: str, shared: Path) -> None:
    (file,) = (file for file in SCENARIOS if file.stem == scenario)

    found = list(shown.differences(scenario, replayed(file, shared).messages))

    assert found == [], "read them; if they are right: python -m sim messages --write"


def test_no_scenario_is_kept_that_is_not_compared() -> None:
    assert sorted(path.name for path in shown.FOLDER.iterdir() if path.is_dir()) == sorted(shown.SHOWN)


def test_every_text_message_kept_is_short_enough() -> None:
    texts = {file: file.read_text(encoding="utf-8") for file in shown.FOLDER.glob("*/*-sms-*")}

    # CloudWatch adds to the description of an alarm why it went off.
    bodies = {file: text.partition("\n\n")[2].strip().partition("\nThreshold")[0] for file, text in texts.items()}

    assert bodies
    assert {str(file): body for file, body in bodies.items() if len(body) > SMS_MAX} == {}


def test_every_command_kept_names_the_region_that_it_is_for() -> None:
    kept = [line for file in shown.FOLDER.glob("*/*-email-*") for line in file.read_text("utf-8").splitlines()]
    commands = [line for line in kept if re.search(r"\baws [a-z0-9-]+ [a-z]+-", line)]

    assert commands
    assert [line for line in commands if " --region us-" not in line] == []


def test_every_scenario_kept_is_in_the_index() -> None:
    index = (shown.FOLDER / "README.md").read_text(encoding="utf-8")

    assert [scenario for scenario in shown.SHOWN if f"[{scenario}]({scenario})" not in index] == []


def test_what_differs_is_named(tmp_path: Path) -> None:
    shown.keep("storm", {"001": "a", "002": "b", "003": "c"}, tmp_path)

    assert list(shown.differences("storm", {"001": "a", "002": "B", "004": "d"}, tmp_path)) == [
        "storm/002 is sent with other words than those kept",
        "storm/003 is kept, and no such message is sent",
        "storm/004 is sent, and not kept",
    ]


def test_what_is_kept_anew_replaces_what_was_kept(tmp_path: Path) -> None:
    shown.keep("storm", {"001": "a"}, tmp_path)
    shown.keep("storm", {"002": "b"}, tmp_path)

    assert shown.kept("storm", tmp_path) == {"002": "b"}
