"""The link to all the incidents of a digest, over real HTTP events: exactly those, and once."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

from defib.aws.clients import client
from defib.aws.outbox_store import DynamoMail
from defib.core.answer.many import Many
from defib.core.call import Pause, Reaction
from defib.core.incident import NoticeKind
from defib.core.medium import Medium
from defib.core.outbox import Lane, Outbox, Waiting
from defib.core.policy import Retention
from defib.core.severity import Severity
from tests.aws.account import ONCE
from tests.aws.cases import NOON
from tests.aws.table import TABLE
from tests.handlers.digest import MANY, NAMED, Digest
from tests.handlers.links import mailed, offered, title, words
from tests.handlers.questions import called, handed_over, later
from tests.handlers.stage import Stage


def test_opening_it_shows_each_incident_as_it_stands_now_and_changes_nothing(digest: Digest) -> None:
    token = digest.link()
    before = digest.items()

    for method in ("GET", "HEAD", "GET"):
        answer = digest.get(token, method)
        assert answer["statusCode"] == 200

    assert title(answer) == "Who looks after these?"
    text = words(answer)
    assert "Of the 3 incidents that the message names, 2 ask for somebody who is not there yet." in text
    assert "web-7 asks for somebody since 12:00:00 UTC: web-1 needs you: two restarts did not help" in text
    assert "queue-7 over since 12:00:00 UTC." in text
    assert "other-7" not in text
    assert offered(answer) == ["acknowledge", "snooze"]
    assert (digest.items(), digest.said()) == (before, [])


def test_one_answer_is_said_to_exactly_those_of_them_that_ask_for_somebody(digest: Digest) -> None:
    answer = digest.post(digest.link(), "acknowledge")

    assert (answer["statusCode"], title(answer)) == (200, "Thank you, Ada.")
    assert "You said: I look after it, about 2 incidents." in words(answer)
    assert digest.answered() == [("web-7", "acknowledge"), ("db-7", "acknowledge")]


def test_all_can_be_put_off(digest: Digest) -> None:
    digest.post(digest.link(), "snooze")

    assert [(detail["incident"], detail["for"]) for _, detail in digest.said()] == [("web-7", "1h"), ("db-7", "1h")]


def test_each_of_them_has_the_answer_in_its_own_audit(digest: Digest, stage: Stage) -> None:
    """From the link's POST by way of the bus to the trails: the same events as a person's own commands make."""
    digest.post(digest.link(), "acknowledge")
    events = [
        {
            "detail-type": detail_type,
            "source": "defib.operator",
            "account": "123456789012",
            "region": "us-east-1",
            "time": "2026-04-30T12:00:00Z",
            "detail": detail,
        }
        for detail_type, detail in digest.said()
    ]
    policy = Path(stage.environment["LAMBDA_TASK_ROOT"]) / "defib.toml"
    with policy.open("a", encoding="utf-8") as file:
        file.write('\n[services.db]\nmatch = { service = "db" }\nmode = "heal"\ntell = ["oncall"]\n')

    stage.invoke("diagnose", *(json.dumps(event) for event in events))

    audits = [item for item in digest.items() if item["sk"]["S"].startswith("AUDIT#")]
    assert [item["pk"]["S"] for item in audits] == ["SERVICE#db", "SERVICE#web"]
    assert all(item["answer"]["M"]["by"]["S"] == "Ada" for item in audits)


def test_more_than_the_bus_takes_at_once_are_said_in_several_calls(digest: Digest) -> None:
    incidents = [called(service=f"s{n}") for n in range(23)]
    for n, incident in enumerate(incidents):
        digest.remember(handed_over(instance_id=f"i-0a1b2c3d4e5f70{n:03}", service=incident.service), incident)

    digest.post(digest.link(Many(tuple(i.id for i in incidents), "oncall", MANY.expires_at)), "acknowledge")

    assert [len(asked["Entries"]) for asked in digest.bus.named("PutEvents")] == [10, 10, 3]
    assert [incident for incident, _ in digest.answered()] == [incident.id for incident in incidents]


def test_a_call_that_the_bus_refuses_keeps_no_later_answer_from_it(digest: Digest) -> None:
    incidents = [called(service=f"s{n}") for n in range(23)]
    for n, incident in enumerate(incidents):
        digest.remember(handed_over(instance_id=f"i-0a1b2c3d4e5f70{n:03}", service=incident.service), incident)
    digest.bus.refuse_if("PutEvents", "ThrottlingException", lambda _: len(digest.bus.named("PutEvents")) == 1)

    answer = digest.post(digest.link(Many(tuple(i.id for i in incidents), "oncall", MANY.expires_at)), "acknowledge")

    assert (answer["statusCode"], offered(answer)) == (503, ["acknowledge"])
    assert [len(asked["Entries"]) for asked in digest.bus.named("PutEvents")] == [10, 10, 3]


def test_all_of_a_great_storm_are_read(digest: Digest) -> None:
    """As many as one digest names, of which one call reads a third."""
    many = Many((*(f"s{n}-7" for n in range(299)), "web-7"), "oncall", MANY.expires_at)

    answer = digest.get(digest.link(many))

    assert "Of the 300 incidents that the message names, 1 asks for somebody" in words(answer)


def test_it_counts_once(digest: Digest) -> None:
    token = digest.link()
    digest.post(token, "acknowledge")
    digest.said()

    again, other, opened = digest.post(token, "acknowledge", "Eve"), digest.post(token, "snooze"), digest.get(token)

    assert (again["statusCode"], title(again)) == (200, "This has been said already.")
    assert (other["statusCode"], title(other)) == (409, "This link has been used.")
    assert (title(opened), offered(opened)) == ("This link has been used.", [])
    assert "Ada said at 12:00:00 UTC: I look after it." in words(opened)
    assert digest.said() == []


def test_of_two_answers_at_the_same_moment_one_counts(digest: Digest) -> None:
    token = digest.link()
    digest.meanwhile(lambda: digest.post(token, "snooze", "Grace"))

    assert digest.post(token, "acknowledge")["statusCode"] == 409
    assert {answer for _, answer in digest.answered()} == {"snooze"}


def test_what_was_not_all_passed_on_is_finished_by_the_same_answer(digest: Digest) -> None:
    token = digest.link()
    digest.bus.refusals["PutEvents"] = "InternalFailure"

    answer = digest.post(token, "acknowledge")

    assert (answer["statusCode"], title(answer), offered(answer)) == (503, "Please say it again.", ["acknowledge"])
    digest.said()
    digest.bus.refusals.clear()
    assert offered(digest.get(token)) == ["acknowledge"]
    assert title(digest.post(token, "acknowledge", "Eve")) == "Thank you, Ada."
    assert digest.answered() == [("web-7", "acknowledge"), ("db-7", "acknowledge")]


def test_where_nobody_is_needed_any_more_there_is_nothing_to_answer(digest: Digest) -> None:
    token = digest.link(Many(("queue-7",), "oncall", MANY.expires_at))
    before = digest.items()

    shown, tried = digest.get(token), digest.post(token, "acknowledge")

    assert (title(shown), offered(shown)) == ("There is nothing to answer.", [])
    assert (tried["statusCode"], "Your answer has changed nothing." in words(tried)) == (409, True)
    assert (digest.items(), digest.said()) == (before, [])


def test_one_that_somebody_has_taken_meanwhile_is_shown_with_their_name_and_left_to_them(digest: Digest) -> None:
    call = called().call
    assert call is not None
    taken = replace(call, pause=Pause(Reaction.ACKNOWLEDGE, "Grace", NOON, later(hours=4)))
    case = replace(handed_over(instance_id="i-0a1b2c3d4e5f60000", service="web"), version=1)
    digest.remember(case, called(version=1, call=taken))
    token = digest.link()

    assert "web-7 Grace is on it since 12:00:00 UTC" in words(digest.get(token))
    digest.post(token, "acknowledge")
    assert digest.answered() == [("db-7", "acknowledge")]


# From the message to the answer


def test_the_link_in_a_published_digest_can_be_answered(digest: Digest, stage: Stage) -> None:
    mail = DynamoMail(client("dynamodb", ONCE), TABLE, Retention())
    outbox = mail.remember_outbox(Outbox("oncall", storm_at=NOON, storm_since=NOON))
    for incident_id in NAMED:
        outbox = mail.remember_outbox(outbox, _waiting(incident_id))

    body = mailed(stage, lambda: stage.invoke("publish", json.dumps({"contact": "oncall", "at": NOON.isoformat()})))

    (url,) = re.findall(r"https://abc123\S+", body)
    assert "Say that you are on all of them on this page, once, by 01 May 12:00 UTC" in body
    assert title(digest.post(url.rpartition("/")[2], "acknowledge")) == "Thank you, Ada."
    assert sorted(digest.answered()) == [("db-7", "acknowledge"), ("web-7", "acknowledge")]


def _waiting(incident_id: str) -> Waiting:
    service = incident_id.partition("-")[0]
    subject = f"[Defib {service}] NEEDS YOU"
    return Waiting(
        "oncall",
        Lane.STORM,
        NOON,
        incident_id,
        1,
        NoticeKind.ESCALATED,
        Severity.URGENT,
        subject,
        service,
        (Medium.EMAIL,),
    )
