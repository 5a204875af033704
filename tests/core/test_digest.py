"""What one message says of many: how many, why, and each by name."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from defib.core.contact import Contact
from defib.core.digest import summed_up
from defib.core.incident import NoticeKind
from defib.core.messages import MessageLimits
from defib.core.outbox import DIGEST_MAX, Lane, Medium, Waiting
from defib.core.post import Places, Post
from defib.core.severity import Severity
from defib.core.words import SMS_MAX, SUBJECT_MAX
from tests.core.facts import NOON, after

ANN = Contact("ann", email=("ann@example.com",), sms=("+12025550123",))
PLACES = Places("arn:aws:sns:us-east-1:123456789012:Incidents", "https://status.example.com")
ONE = Waiting(
    "ann",
    Lane.LIMIT,
    NOON,
    "web-1",
    3,
    NoticeKind.OPENED,
    Severity.HIGH,
    "[Defib web] web-2 fails its instance check",
    "web",
    (Medium.EMAIL, Medium.SMS),
)
OTHER = replace(
    ONE, at=after(minutes=3), incident_id="db-4", service="db", kind=NoticeKind.RESOLVED, subject="db is well"
)
CALL = replace(ONE, lane=Lane.STORM, severity=Severity.URGENT, kind=NoticeKind.ESCALATED)


def digest(*waiting: Waiting) -> Post:
    return summed_up(waiting, ANN, MessageLimits(), PLACES, after(minutes=10))


def test_it_says_how_many_since_when_why_and_names_each() -> None:
    post = digest(ONE, OTHER)

    assert post.subject == "[Defib] 2 more messages since 12:00 UTC"
    assert "Why in one:       you had 10 messages within 10m; more come as one." in post.email
    assert "By kind:          1 opened, 1 resolved." in post.email
    assert "By service:       1 web, 1 db." in post.email
    assert "  12:00:00 UTC  web-1  [Defib web] web-2 fails its instance check" in post.email
    assert "  12:03:00 UTC  db-4  db is well" in post.email
    assert post.sms == "Defib: 2 more messages since 12:00 UTC: web, db. The e-mail names each."
    assert (post.service, post.incident_id, post.notice) == ("several", "several", "digest")


def test_many_that_ask_for_somebody_say_so_first_and_how_to_answer() -> None:
    post = digest(CALL, replace(CALL, incident_id="web-2"))

    assert post.subject == "[Defib] NEEDS YOU: 2 more ask for somebody since 12:00 UTC"
    assert "more than 3 urgent ones came within a minute" in post.email
    assert '\\"incident\\": \\"web-1\\", \\"answer\\": \\"acknowledge\\"' in post.email
    assert post.severity is Severity.URGENT


def test_an_sms_counts_only_what_is_worth_a_text() -> None:
    quiet = replace(ONE, media=(Medium.EMAIL,), service="quiet")

    assert digest(ONE, quiet).sms.startswith("Defib: 1 more message since 12:00 UTC: web.")


@pytest.mark.parametrize("many", [1, 2, 30, DIGEST_MAX])
@pytest.mark.parametrize("lane", list(Lane))
def test_every_message_fits(many: int, lane: Lane) -> None:
    waiting = [
        replace(ONE, lane=lane, service=f"{n}" * 10, incident_id=f"{'s' * 31}-{n}", subject="x" * 100)
        for n in range(many)
    ]

    post = digest(*waiting)

    assert len(post.subject) <= SUBJECT_MAX
    assert len(post.sms) <= SMS_MAX
    assert sum(f"s-{n}  x" in post.email for n in range(many)) == many
    # SNS takes 256 KiB for all texts together (API, Publish, Message).
    texts = json.dumps({"default": post.email, "email": post.email, "sms": post.sms, "https": post.email})
    assert len(texts.encode()) < 256 * 1024
