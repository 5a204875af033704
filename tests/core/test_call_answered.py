"""What an answer to a call changes, and what asks anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.announce import announce
from defib.core.approval import Approval, Choice
from defib.core.call import (
    CallAnswer,
    Reaction,
    answered,
    unheeded,
)
from defib.core.call_news import escalate, heard
from defib.core.case import Action
from defib.core.escalation import Tier
from defib.core.incident import Incident, NoticeKind
from defib.core.severity import Severity
from tests.core.calls import (
    ASKING,
    BROKEN,
    HANDED,
    ON_IT,
    POLICY,
    call_of,
    called,
    incident_of,
)
from tests.core.facts import NOON, after

LATER = CallAnswer("web-7", Reaction.SNOOZE, "Ann", timedelta(minutes=20))


def test_whoever_is_on_it_ends_the_asking_and_all_who_were_asked_read_it() -> None:
    incident, _ = escalate(called(), POLICY, after(minutes=5))

    incident, notice = heard(incident, ON_IT, POLICY, after(minutes=6))

    assert notice.subject == "[Defib web] incident web-7: Ann is on it"
    assert (notice.kind, notice.severity, notice.tier) == (NoticeKind.ACKNOWLEDGED, Severity.HIGH, Tier.SECOND)
    assert escalate(incident, POLICY, after(hours=4)) == (incident, None)


@pytest.mark.parametrize(
    ("answer", "duty"),
    [(ON_IT, "Nothing, unless you are the one who is on it:"), (LATER, "Nothing until Defib asks again:")],
)
def test_who_reads_that_somebody_has_answered_has_nothing_to_do(answer: CallAnswer, duty: str) -> None:
    _, notice = heard(called(), answer, POLICY, after(minutes=6))

    assert f"What you must do: {duty}\n                  Look at it.\n" in notice.body


def test_what_is_not_solved_in_time_asks_again_from_the_first_on() -> None:
    incident = answered(called(), ON_IT, POLICY, after(minutes=6))

    incident, notice = escalate(incident, POLICY, after(hours=4, minutes=6))

    assert notice is not None
    assert notice.tier is Tier.FIRST
    assert notice.subject == "[Defib web] NEEDS YOU: it is not over: web-2: nothing helps"
    assert "Ann was on it" in notice.sms
    assert call_of(incident).next_at == after(hours=4, minutes=11)


def test_a_snooze_asks_again_when_its_time_is_over() -> None:
    incident = answered(called(), LATER, POLICY, after(minutes=1))

    assert escalate(incident, POLICY, after(minutes=20)) == (incident, None)
    _, notice = escalate(incident, POLICY, after(minutes=21))
    assert notice is not None
    assert "Ann put it off" in notice.sms


def test_whoever_is_on_it_may_still_put_it_off() -> None:
    incident = answered(called(), ON_IT, POLICY, after(minutes=1))

    assert call_of(answered(incident, LATER, POLICY, after(minutes=2))).next_at == after(minutes=22)


UNHEEDED: list[tuple[str, Incident | None, CallAnswer, str]] = [
    ("there is none", None, ON_IT, "not open"),
    ("another one", called(), replace(ON_IT, incident_id="web-6"), "not open"),
    ("nobody is asked for", Incident("web", 7, NOON), ON_IT, "nobody is asked for"),
    ("twice", answered(called(), ON_IT, POLICY, NOON), ON_IT, "Ann is on it already"),
]


@pytest.mark.parametrize(("incident", "answer", "why"), [row[1:] for row in UNHEEDED], ids=[r[0] for r in UNHEEDED])
def test_an_answer_that_does_not_count(incident: Incident | None, answer: CallAnswer, why: str) -> None:
    assert why in unheeded(incident, answer)
    if incident is not None and incident.id == answer.incident_id:
        assert answered(incident, answer, POLICY, NOON) == incident


SECOND = replace(HANDED, instance_id="i-0bb2", name="web-3")


def test_a_new_case_asks_anew_in_a_call_that_somebody_had_answered() -> None:
    incident = incident_of((BROKEN, HANDED))
    incident = answered(incident, replace(ON_IT, incident_id="web-1"), POLICY, after(minutes=1))

    after_that, (*_, notice) = announce(
        incident, replace(BROKEN, instance_id="i-0bb2"), SECOND, POLICY, after(minutes=2)
    )

    assert after_that is not None
    assert call_of(after_that).pause is None
    assert call_of(after_that).next_at == after(minutes=7)
    assert notice.tier is Tier.FIRST
    assert len(call_of(after_that).wants) == 2


def test_whoever_says_no_is_on_it() -> None:
    asking = replace(ASKING, held_action=Action.STOP)
    said_no = replace(ASKING.approval or Approval(NOON, NOON), choice=Choice.REJECT, answered_at=NOON, by="Ann")
    given_up = replace(
        asking, held_by="", approval=said_no, handed_over_at=NOON, ask="Repair it.", reason="Ann said no"
    )

    incident = incident_of((BROKEN, asking), (asking, given_up))

    pause = call_of(incident).pause
    assert pause is not None
    assert pause.by == "Ann"
