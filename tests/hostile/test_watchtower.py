"""What the watchtower reads: garbage is a finding or a fresh start, never silence; what it says fits its medium."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.hostile.strategies import BOUNDED, DEEP, LINEAR, NASTY, TEXTS, VALUES, growth, tampered
from tests.watchtower.seen import NOW, SETTINGS
from watchtower import https
from watchtower.asking import attempt
from watchtower.memory import Change, Known, Memory
from watchtower.model import Finding, Unknown, Weight
from watchtower.settings import BYTES_MOST, FILE
from watchtower.settings import read as settings_in
from watchtower.state import State
from watchtower.words import SMS_MOST, SUBJECT_MOST, message

KNOWN = {"about": "a", "weight": "grave", "short": "s", "since": "2026-04-30T12:00:00Z", "wrong": 1, "right": 0}
REMEMBERED = json.dumps(
    {
        "known": {"a": {**KNOWN, "told": True}},
        "watched": {"table": "t", "topics": {"Alerts": "arn"}, "page": "https://status.example.com"},
    }
)


class Table:
    """As much of DynamoDB as holds one text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def get_item(self, **_: object) -> dict[str, Any]:
        return {"Item": {"memory": {"S": self._text}}}


WRITTEN = {
    **dict.fromkeys(("region", "primary_region", "primary_stack", "parameter", "dead_mans_switch", "seen"), "a"),
    **dict.fromkeys(("alarms", "sweep_within_s", "canary_within_s", "page_within_s", "sms_share", "looks"), 1),
    **{key: [] for key in ("ways", "rules", "doors", "subscribers", "own_subscribers")},
    "has_page": False,
}


@BOUNDED
@given(tampered((REMEMBERED,)) | VALUES.map(json.dumps) | TEXTS)
@example("[" * DEEP)
@example('{"known": [], "watched": null}')
@example(REMEMBERED.replace('"wrong": 1', '"wrong": 1e999'))
def test_a_garbled_memory_is_a_fresh_start(text: str) -> None:
    assert isinstance(State(Table(text), "t").read(), Memory)  # type: ignore[arg-type]  # as much as is used


@BOUNDED
@given(text=VALUES.map(json.dumps) | TEXTS)
@example(text="[]")
@example(text="null")
@example(text="[" * DEEP)
def test_settings_that_are_none_say_so(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("settings", numbered=True)
    (folder / FILE).write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises((KeyError, ValueError)):
        settings_in(folder)


@pytest.mark.parametrize(
    "question",
    [
        lambda: json.loads("[" * DEEP),
        lambda: https.time_in("0001-01-01T00:00:00+23:59"),
        lambda: https.time_in("\u202e"),
        lambda: int(json.loads("1e999")),
        lambda: json.loads("[]")["Items"],
        lambda: json.loads("[]")[0],
    ],
)
def test_an_answer_that_makes_no_sense_silences_no_other(question: Any) -> None:
    found = attempt("DynamoDB in us-east-1", question)
    assert isinstance(found, Unknown)
    assert found.detail.isprintable()


@BOUNDED
@given(TEXTS, st.booleans())
@example(NASTY[0], True)
@example("\u0000\u001b[2J", False)
def test_what_people_are_told_fits_a_mail_and_a_phone(text: str, over: bool) -> None:
    wrong = Finding("a", text, Weight.GRAVE, text, text, text)
    known = Known("a", Weight.GRAVE, text, NOW, told=True)
    told = message(Change(over=(known,)) if over else Change(new=(wrong,), still=(known,)), SETTINGS, NOW)

    assert told.subject.isprintable()
    assert len(told.subject) <= SUBJECT_MOST
    assert told.sms.isascii()
    assert told.sms.isprintable()
    assert len(told.sms) <= SMS_MOST
    json.dumps({"default": told.body})


def test_the_folder_is_named_when_the_settings_are_gone(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=FILE):
        settings_in(tmp_path)


def test_settings_that_are_too_long_are_not_read(tmp_path: Path) -> None:
    text = json.dumps(WRITTEN)
    (tmp_path / FILE).write_text(text + " " * (BYTES_MOST - len(text)))
    assert settings_in(tmp_path).region == "a"
    (tmp_path / FILE).write_text(text + " " * (BYTES_MOST - len(text) + 1))
    with pytest.raises(ValueError, match=f"more than {BYTES_MOST} bytes"):
        settings_in(tmp_path)


def test_settings_of_twice_as_many_addresses_take_at_most_twice_the_work(tmp_path: Path) -> None:
    def found(addresses: int) -> None:
        subscribers = [["Alerts", "email", f"{number}@example.com"] for number in range(addresses)]
        (tmp_path / FILE).write_text(json.dumps({**WRITTEN, "subscribers": subscribers}))
        assert len(settings_in(tmp_path).subscribers) == addresses

    assert growth(found, 500) <= LINEAR


def test_a_memory_of_twice_as_much_takes_at_most_twice_the_work() -> None:
    def remembered(findings: int) -> None:
        known = {str(number): {**KNOWN, "told": True} for number in range(findings)}
        memory = State(Table(json.dumps({"known": known, "watched": None})), "t").read()  # type: ignore[arg-type]  # as above
        assert len(memory.known) == findings

    assert growth(remembered, 500) <= LINEAR
