"""What people have and do not mend: it stays open, and they hear of it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from defib.core.announce import announce
from defib.core.audit import decision_of
from defib.core.case import Action, Case, Close, Escalate, Wait
from defib.core.incident import NoticeKind
from defib.core.model import Cause, InstanceState, Observation
from defib.core.restart import ask_people
from defib.core.severity import Severity
from defib.core.step import step
from tests.core.facts import NOON, POLICY, WEB, after, attempt, case, observed
from tests.core.rungs import BAD, DRAINED, EVIDENCE, STARTED, STOPPED_NOW, decided

AGE = POLICY.repair.handed_over_age
THEIRS = case(EVIDENCE, handed_over_at=NOON - AGE, ask="Look.")
FAILS = observed(checks=BAD)
ENTERED = attempt(Action.ENTER_STANDBY)


@pytest.mark.parametrize(
    ("so_far", "facts", "again"),
    [
        (THEIRS, FAILS, True),
        (replace(THEIRS, handed_over_at=NOON - AGE + timedelta(seconds=1)), FAILS, False),
        (replace(THEIRS, handed_over_at=NOON - 2 * AGE, asked_again_at=NOON - AGE), FAILS, True),
        (replace(THEIRS, asked_again_at=after(minutes=-5)), FAILS, False),
        (replace(THEIRS, cause=Cause.HEALTHY, healthy_since=after(seconds=-1)), observed(), False),
        (replace(THEIRS, cause=Cause.EVENT_SCHEDULED), FAILS, False),
        (
            replace(THEIRS, attempts=case(EVIDENCE, STOPPED_NOW).attempts, cause=Cause.STOPPED_BY_DEFIB),
            observed(state=InstanceState.STOPPED, launched_at=after(days=-9)),
            True,
        ),
    ],
    ids=[
        "for long",
        "not yet for long",
        "again for long",
        "told lately",
        "works",
        "works until AWS works on it",
        "stopped",
    ],
)
def test_what_is_not_mended_for_long_is_told_again_and_never_over(
    so_far: Case, facts: Observation, again: bool
) -> None:
    decision = decided(so_far, facts)

    assert not isinstance(decision, Close)
    assert isinstance(decision, Escalate if again else Wait)


def test_people_hear_of_it_urgently_and_their_incident_stays_open() -> None:
    unseen = replace(THEIRS, handed_over_at=None, confirmed_at=None, confirmed_cause=None)
    incident, _ = announce(None, unseen, THEIRS, POLICY, NOON - AGE)

    told, _ = step(THEIRS, FAILS, POLICY, NOON)
    still, notices = announce(incident, THEIRS, told, POLICY, NOON)

    assert (told.handed_over_at, told.asked_again_at) == (NOON - AGE, NOON)
    assert decision_of(THEIRS, told) == "escalate"
    assert [(n.kind, n.severity) for n in notices] == [(NoticeKind.ESCALATED, Severity.URGENT)]
    assert "you have had it since 23 April 12:00 UTC, and its instance status check fails" in notices[0].body
    assert still is not None
    assert still.resolved_at is None


DROUGHT = "Wait, or change its type."
NO_MORE = attempt(Action.START, after(days=-8))


@pytest.mark.parametrize(
    ("so_far", "ask"),
    [
        (replace(THEIRS, ask=DROUGHT), DROUGHT),
        (
            case(
                EVIDENCE,
                DRAINED,
                ENTERED,
                handed_over_at=NOON - AGE,
                registrations=(WEB,),
                group="web-asg",
                ask=f"{DROUGHT} (It is deregistered from an old group.) (It is in Standby.) (Its check counts again.)",
            ),
            f"{DROUGHT} (It is deregistered from web; Defib registers it again when it works.) "
            "(It is in Standby in its Auto Scaling group web-asg: return it to service when it works.)",
        ),
        (
            case(EVIDENCE, STOPPED_NOW, NO_MORE, handed_over_at=NOON - AGE, ask=DROUGHT),
            DROUGHT,
        ),
        (
            case(EVIDENCE, STOPPED_NOW, STARTED, handed_over_at=NOON - AGE, ask=DROUGHT),
            ask_people("", POLICY, NOON).ask,
        ),
        (replace(THEIRS, ask=""), ask_people("", POLICY, NOON).ask),
    ],
    ids=["as before", "with where it stands now", "as before the start", "it runs since a start", "nothing"],
)
def test_what_they_are_asked_is_what_they_were_asked_at_first_for_as_long_as_it_helps(so_far: Case, ask: str) -> None:
    told, _ = step(so_far, FAILS, POLICY, NOON)

    assert told.asked_again_at == NOON
    assert told.ask == ask


def test_each_time_is_so_long_after_the_last() -> None:
    so_far, told = THEIRS, list[datetime]()
    for days in range(30):
        so_far, _ = step(so_far, FAILS, POLICY, after(days=days))
        if so_far.asked_again_at is not None and so_far.asked_again_at not in told:
            told.append(so_far.asked_again_at)

    assert told == [after(days=days) for days in (0, 7, 14, 21, 28)]
