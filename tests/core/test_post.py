"""One message in the words of every medium: for people, for machines, for a chat."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from defib.core.answer.mail import AnswerLink
from defib.core.contact import Contact
from defib.core.escalation import Tier
from defib.core.incident import Notice, NoticeKind
from defib.core.medium import Medium
from defib.core.post import CHAT_MAX, Places, Post, post_of
from defib.core.severity import Severity
from tests.core.facts import NOON, POLICY, SERVICE

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "notice.schema.json").read_text(encoding="utf-8"))
TOPIC = "arn:aws:sns:us-east-1:123456789012:Defib-NotifyIncidents"
ANN = Contact("ann", email=("ann@example.com",))
BODY = "web-2 needs you.\nWhat is wrong:    its instance status check fails.\n\nTimeline\n  12:00:00 UTC  it failed"
NOTICE = Notice(
    "web-7",
    "web",
    3,
    NoticeKind.ESCALATED,
    NOON,
    "i-0aa1-1",
    "i-0aa1",
    "web-2 needs you",
    BODY,
    "look",
    Severity.URGENT,
)
LINK = AnswerLink("https://a.example.com/t", NOON)
RUNBOOK = "https://wiki.example.com/web"


def post(notice: Notice = NOTICE, link: AnswerLink | None = None, page: str = "", runbook: str = "") -> Post:
    policy = replace(POLICY, services=(replace(SERVICE, runbook=runbook),))
    return post_of(notice, ANN, tuple(Medium), policy, Places(TOPIC, page), link)


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_the_form_for_machines_is_as_documented(kind: NoticeKind) -> None:
    made = json.loads(post(replace(NOTICE, kind=kind), LINK, "https://s.example.com", RUNBOOK).https)

    jsonschema.validate(made, SCHEMA)
    assert set(made) == set(SCHEMA["required"]) == set(SCHEMA["properties"])
    assert set(SCHEMA["properties"]["notice"]["enum"]) == set(NoticeKind)
    assert set(SCHEMA["properties"]["asked"]["enum"]) == set(Tier)
    assert set(SCHEMA["properties"]["severity"]["enum"]) == set(Severity)


STATUS = [
    (NoticeKind.OPENED, "open"),
    (NoticeKind.CALLED, "open"),
    (NoticeKind.ACKNOWLEDGED, "acknowledged"),
    (NoticeKind.RESOLVED, "resolved"),
    (NoticeKind.PLANNED, "planned"),
]


@pytest.mark.parametrize(("kind", "status"), STATUS)
def test_all_notices_of_an_incident_are_one_thing_to_a_machine_and_say_how_it_stands(
    kind: NoticeKind, status: str
) -> None:
    made = json.loads(post(replace(NOTICE, kind=kind, sequence=9)).https)

    assert (made["dedup_key"], made["status"], made["id"]) == (f"{TOPIC}:web-7", status, "web-7#9")


def test_an_e_mail_has_its_links_before_its_history() -> None:
    made = post(link=LINK, page="https://s.example.com", runbook=RUNBOOK)

    assert made.email.splitlines()[2:7] == [
        "What you must do: Answer here. Opening it changes nothing; it takes one answer, until 30 April 12:00 UTC:",
        "                  https://a.example.com/t",
        f"Runbook:          {RUNBOOK}",
        "Status page:      https://s.example.com",
        "",
    ]


def test_an_e_mail_without_links_is_the_notice_itself() -> None:
    assert post().email == BODY


def test_a_service_that_has_left_the_file_is_told_of_all_the_same() -> None:
    assert post(replace(NOTICE, service="gone")).email == BODY


def test_a_chat_shows_what_is_about_now_and_no_more_than_fits() -> None:
    long = replace(NOTICE, body="a line of text\n" * 1_000 + "\nTimeline")

    assert json.loads(post().chat)["content"]["description"] == BODY.partition("\n\n")[0]
    shown = json.loads(post(long).chat)["content"]["description"]
    assert len(shown) <= CHAT_MAX + 4
    assert shown.endswith("a line of text\n...")
