"""What people answer to a repair or a call, by the events that they put on the bus."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import msgspec

from defib.aws.normalise import normalise
from defib.core.answer.name import NAME_MAX
from defib.core.approval import Answer, Choice
from defib.core.call import SNOOZE, CallAnswer, Reaction
from defib.core.call_news import command
from defib.core.model import Signal, Source
from tests.aws.cases import WEB_1
from tests.aws.samples import STRUCK, changed, sample


def test_an_answer_to_a_call_names_the_incident_and_how_long_a_snooze_lasts() -> None:
    snoozed = CallAnswer("web-7", Reaction.SNOOZE, "Ann", timedelta(minutes=20))

    assert normalise(json.dumps(sample("approval-call"))) == (snoozed,)
    assert normalise(changed("approval-call", "detail.for", None)) == (replace(snoozed, lasts=SNOOZE),)


def test_the_commands_of_an_e_mail_are_understood() -> None:
    for reaction in Reaction:
        (entry,) = json.loads(
            command("zone:us-east-1a-12", reaction, "us-east-1").partition("--entries '")[2].removesuffix("'")
        )
        event = sample("approval-call") | {"source": entry["Source"], "detail-type": entry["DetailType"]}
        (answer,) = normalise(json.dumps(event | {"detail": json.loads(entry["Detail"])}))
        assert isinstance(answer, CallAnswer)
        assert (answer.incident_id, answer.reaction, answer.by) == ("zone:us-east-1a-12", reaction, "YOUR NAME")


def test_somebodys_yes_is_a_signal_about_the_instance_of_its_case() -> None:
    (signal,) = normalise(json.dumps(sample("approval-given")))

    assert isinstance(signal, Signal)
    assert (signal.source, signal.instance_id, signal.at) == (Source.OPERATOR, WEB_1, STRUCK)
    assert signal.answer == Answer(f"{WEB_1}-3", Choice.APPROVE, "Ann")
    assert signal.reason == f"Ann answers approve to case {WEB_1}-3"
    assert normalise(msgspec.json.encode(signal).decode()) == (signal,)


def test_what_people_say_of_themselves_is_cut_and_made_printable() -> None:
    (signal,) = normalise(changed("approval-given", "detail.by", "\x1b[2JAnn\r\n" + "x" * 150))

    assert isinstance(signal, Signal)
    assert signal.answer is not None
    assert signal.answer.by.startswith("[2JAnn xxx")
    assert len(signal.answer.by) == NAME_MAX
    assert signal.answer.by.endswith("…"), "whoever reads it sees that it was cut"


def test_a_name_as_long_as_a_links_page_takes_is_kept_whole() -> None:
    (signal,) = normalise(changed("approval-given", "detail.by", "N" * NAME_MAX))

    assert isinstance(signal, Signal)
    assert signal.answer is not None
    assert signal.answer.by == "N" * NAME_MAX
