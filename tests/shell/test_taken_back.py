"""An instance that people have for its application, and that then fails by itself: Defib heals it, or asks anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.case import Action, Case
from defib.core.incident import NoticeKind
from defib.core.model import Cause, Check, Checks, CheckStatus, InstanceState, Observation, Source, TargetHealth
from defib.core.policy import ApplicationRemedy, Mode
from defib.core.step import step
from tests.core.facts import NOON, OK, after, attempt, case, impaired, observed, policy
from tests.core.rungs import APP_DOWN, EVIDENCE, STARTED, STOPPED_NOW
from tests.shell.machine import INSTANCE, Machine, healing

POLICY = policy(minimum_healthy=1)
THEIRS = case(
    EVIDENCE, cause=Cause.APPLICATION_DOWN, confirmed_cause=Cause.APPLICATION_DOWN, handed_over_at=NOON, ask="Look."
)
RESTARTED = replace(THEIRS, attempts=case(EVIDENCE, STOPPED_NOW, STARTED).attempts)
TRIED_AGAIN = replace(
    THEIRS, attempts=case(EVIDENCE, STOPPED_NOW, STARTED, attempt(Action.START, after(hours=1))).attempts
)
LATER = after(hours=5)
BAD_HOST = observed(checks=Checks(impaired(after(hours=4)), OK))
PLANNED = {**BAD_HOST.tags, "defib:maintenance-until": "2026-05-01T06:00:00Z"}
STOPPED = observed(state=InstanceState.STOPPED, state_reason_code="Server.InternalError")


class _Served(Machine):
    """Its load balancer finds its application dead for as long as ``dead`` says."""

    dead = True

    def _target(self) -> TargetHealth:
        return TargetHealth.UNHEALTHY if self.dead and self.registered else super()._target()

    def _checks(self) -> Checks:
        failing = Check(CheckStatus.IMPAIRED, self.failing_since)
        return Checks(failing, OK) if self.sick and self.changes_at is None else super()._checks()


def test_one_whose_host_fails_while_people_have_its_application_is_healed_and_said() -> None:
    machine = _Served(POLICY)
    machine.look()
    machine.run(timedelta(minutes=10))
    assert [n.kind for n in machine.notices] == [NoticeKind.OPENED, NoticeKind.ESCALATED]
    machine.clock.advance(timedelta(days=1))
    machine.break_down()
    machine.clock.advance(timedelta(minutes=2))
    machine.look(Source.SWEEP)
    machine.dead = False
    healed = machine.run()

    assert machine.acts[:2] == [Action.EVIDENCE, Action.EVIDENCE], "the old one says nothing of the host"
    assert Action.START in machine.acts
    assert (healed.id, healed.closed_at is not None) == (f"{INSTANCE}-1", True)
    said = machine.notices[2]
    assert (said.kind, "fails its system check since" in said.subject) == (NoticeKind.PROGRESS, True)
    incident = machine.store.latest_incident("web")
    assert incident is not None
    assert incident.number == 1, "it was never over in between"


def test_in_approve_mode_they_are_asked_about_its_host_though_they_were_asked_about_its_application() -> None:
    asking = healing(POLICY, mode=Mode.APPROVE, application_down=ApplicationRemedy.RESTART)
    machine = _Served(asking)
    machine.look()
    machine.run(asking.repair.approval_timeout + timedelta(minutes=10))
    machine.break_down()
    machine.run(timedelta(minutes=10))

    assert [n.kind for n in machine.notices] == [
        NoticeKind.OPENED,
        NoticeKind.APPROVAL,
        NoticeKind.ESCALATED,
        NoticeKind.PROGRESS,
        NoticeKind.APPROVAL,
    ]


@pytest.mark.parametrize(
    ("so_far", "facts", "back"),
    [
        (THEIRS, BAD_HOST, True),
        (THEIRS, APP_DOWN, False),
        (replace(THEIRS, confirmed_cause=Cause.SYSTEM_IMPAIRED), BAD_HOST, False),
        (THEIRS, observed(checks=Checks(impaired(LATER - timedelta(seconds=30)), OK)), False),
        (replace(THEIRS, cause=Cause.STOPPED_UNASKED), STOPPED, True),
        (replace(RESTARTED, cause=Cause.STOPPED_UNASKED, since=after(hours=4)), STOPPED, True),
        (replace(RESTARTED, cause=Cause.STOPPED_UNASKED, since=after(minutes=-1)), STOPPED, False),
        (replace(TRIED_AGAIN, cause=Cause.STOPPED_UNASKED, since=after(hours=1, minutes=1)), STOPPED, False),
        (replace(TRIED_AGAIN, cause=Cause.STOPPED_UNASKED, since=after(hours=4)), STOPPED, True),
        (THEIRS, replace(STOPPED, state_reason_code="Client.UserInitiatedShutdown"), False),
        (THEIRS, replace(BAD_HOST, tags=PLANNED), False),
    ],
    ids=[
        "its host fails",
        "its application still does",
        "its host was what people have",
        "not for long enough",
        "it stopped",
        "it stopped after Defib had restarted it",
        "it was stopped when they got it",
        "Defib's later start fell back",
        "it stopped long after Defib's later start",
        "a person stopped it",
        "in a planned outage",
    ],
)
def test_people_keep_what_they_were_asked_about(so_far: Case, facts: Observation, back: bool) -> None:
    taken, _ = step(so_far, facts, POLICY, LATER)

    assert (taken.handed_over_at is None) is back


TRIED = (EVIDENCE, *(attempt(Action.REBOOT),) * 30)
SPENT = replace(THEIRS, attempts=case(*TRIED).attempts)


def test_what_was_tried_before_counts_and_people_are_asked_anew_once_where_nothing_is_left_to_try() -> None:
    asked, _ = step(SPENT, BAD_HOST, POLICY, LATER)
    later, _ = step(asked, replace(BAD_HOST, observed_at=after(hours=6)), POLICY, after(hours=6))

    assert (asked.handed_over_at, asked.asked_again_at, later.asked_again_at) == (NOON, LATER, LATER)
    assert asked.reason == "its system status check fails, and 31 actions have not cured it"
    assert [a.action for a in later.attempts] == [a.action for a in SPENT.attempts], "not even evidence is taken anew"


def test_they_hear_of_a_host_that_ec2_dates_before_the_hand_over_but_shows_only_after_it() -> None:
    shown = observed(checks=Checks(impaired(after(seconds=-20)), OK))

    asked, _ = step(SPENT, shown, POLICY, after(minutes=2))

    assert asked.asked_again_at == after(minutes=2)


def test_of_one_that_fails_and_passes_time_and_again_they_hear_once() -> None:
    asked, _ = step(SPENT, BAD_HOST, POLICY, LATER)
    passed, _ = step(asked, replace(APP_DOWN, observed_at=after(hours=6)), POLICY, after(hours=6))
    again = observed(checks=Checks(impaired(after(hours=7)), OK))

    assert step(passed, again, POLICY, after(hours=8))[0].asked_again_at == LATER


def test_of_what_failed_already_when_they_got_it_they_hear_no_second_time_that_it_is_theirs() -> None:
    mine = case(*TRIED, cause=Cause.APPLICATION_DOWN, confirmed_cause=Cause.APPLICATION_DOWN, confirmed_at=NOON)
    handed_over, _ = step(mine, BAD_HOST, POLICY, LATER)

    later, _ = step(handed_over, replace(BAD_HOST, observed_at=after(hours=6)), POLICY, after(hours=6))

    assert (later.handed_over_at, later.asked_again_at) == (LATER, None)
