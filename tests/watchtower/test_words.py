"""What people read at 3 a.m."""

from __future__ import annotations

from tests.watchtower.seen import NOW, SETTINGS, ago, mute
from watchtower.checks import check
from watchtower.memory import Change, Known
from watchtower.model import Finding, Weight
from watchtower.words import LISTED_MOST, message

OVER = Known("sweep", Weight.GRAVE, "no sweep in us-east-1 for 2 min: Defib may be blind", ago(minutes=9), told=True)
(PARTITION,) = check(mute(), SETTINGS, NOW).findings


def test_a_message_says_what_is_wrong_what_it_means_and_what_to_do() -> None:
    told = message(Change(new=(PARTITION,)), SETTINGS, NOW)

    assert told.subject == "Defib watchtower: no answer from us-east-1: can't tell if Defib lives"
    assert told.sms == (
        "Defib watchtower: no answer from us-east-1: can't tell if Defib lives. "
        "Look at your instances by hand; see AWS Health for us-east-1."
    )
    assert told.body.splitlines()[:2] == [
        "The watchtower in us-west-2 watches Defib in us-east-1.",
        "It is 2026-04-30 03:00 UTC.",
    ]
    assert "What to do: Look at your instances by hand; see AWS Health for us-east-1." in " ".join(told.body.split())


def test_a_recovery_says_since_when_it_was_and_what_is_left() -> None:
    told = message(Change(over=(OVER,)), SETTINGS, NOW)

    assert told.sms.endswith("Defib may be blind. All is well.")
    assert "RIGHT AGAIN" in told.body
    assert "(since 2026-04-30 02:51 UTC)" in told.body.replace("\n  ", " ")
    assert "WRONG" not in told.body
    left = message(Change(over=(OVER,), still=(OVER,)), SETTINGS, NOW)
    assert left.sms.endswith("1 still wrong.")
    assert "STILL WRONG, told before\n- no sweep" in left.body


def test_the_gravest_is_named_first_and_the_others_are_counted() -> None:
    minor = Finding("a", "a", Weight.MINOR, "a trifle", "A trifle.", "Nothing")

    told = message(Change(new=(minor, PARTITION, minor)), SETTINGS, NOW)

    assert told.subject.startswith("Defib watchtower: no answer from us-east-1")
    assert "(+2 more)" in told.sms
    assert told.body.index("no service of us-east-1 answers") < told.body.index("A trifle")


def test_many_findings_are_cut_and_the_rest_is_counted() -> None:
    many = tuple(Finding("a", str(n), Weight.MINOR, f"é{n} " * 60, f"Thing {n}.", "Nothing") for n in range(50))

    told = message(Change(new=many), SETTINGS, NOW)

    assert f"- and {50 - LISTED_MOST} more" in told.body
    assert len(told.subject) < 100
    assert len(told.sms) <= 140
    assert told.sms.isascii()
    assert len(message(Change(over=(Known("a", Weight.MINOR, "ü" * 300, NOW),)), SETTINGS, NOW).sms) <= 140
