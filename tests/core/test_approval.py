"""A question is asked once, and an answer counts only where it is meant for it, and in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from defib.core import approval
from defib.core.approval import Answer, Approval, Choice, unheeded, with_answer
from defib.core.asking import command
from defib.core.case import Act, Action, Case, Decision, Escalate, Hold, Wait
from defib.core.decide import decide
from defib.core.diagnose import diagnose
from defib.core.guards.consent import needs_yes
from defib.core.guards.question import GIVES_BACK
from defib.core.maintenance import Maintenance
from defib.core.model import Cause, Checks, InstanceState, Observation, Verdict
from defib.core.policy import Mode, Policy
from tests.core.facts import NOON, OK, REGION, after, attempt, case, impaired, observed, policy

ASKING = policy(mode=Mode.APPROVE)
BAD = Checks(OK, impaired(after(minutes=-5)))
HALF_PAST = after(minutes=30)
QUESTION = Approval(NOON, HALF_PAST)
YES = replace(QUESTION, choice=Choice.APPROVE, answered_at=NOON, by="Ann")
NO = replace(QUESTION, choice=Choice.REJECT, answered_at=NOON, by="Bob")
EVIDENCE = attempt(Action.EVIDENCE, after(minutes=-1))
NOONS = Maintenance("11:00", timedelta(hours=2), days=("thu",))


def asked(answered: Approval | None = QUESTION, **changes: object) -> Case:
    return case(EVIDENCE, approval=answered, **changes)


def decided(so_far: Case, now: datetime = NOON, limits: Policy = ASKING, facts: Observation | None = None) -> Decision:
    facts = facts or observed(checks=BAD)
    return decide(so_far, facts, diagnose(facts, so_far, limits, now), limits, now)


ANSWERS = [
    ("a yes in time", asked(), Choice.APPROVE, 10, ""),
    ("a no in time", asked(), Choice.REJECT, 10, ""),
    ("a yes at the very end", asked(), Choice.APPROVE, 30, "after 30 April 12:30:00 UTC"),
    ("a no after the end, before anybody noticed it", asked(), Choice.REJECT, 31, ""),
    ("a no in the middle of the repair", asked(YES), Choice.REJECT, 50, ""),
    ("a second yes", asked(YES), Choice.APPROVE, 10, "Ann has answered already: approve"),
    ("a second no", asked(NO), Choice.REJECT, 10, "Bob has answered already: reject"),
    ("a yes after a no", asked(NO), Choice.APPROVE, 10, "Bob has answered already: reject"),
    ("a yes before the question", asked(None), Choice.APPROVE, 10, "nobody has been asked"),
    ("a yes to a later case", asked(number=2), Choice.APPROVE, 10, "that case is not open"),
    ("a yes where no case is open", None, Choice.APPROVE, 10, "that case is not open"),
    ("a no to what people have already", asked(handed_over_at=NOON), Choice.REJECT, 10, "handed over to people"),
    ("a no where Defib goes on starting it", asked(YES, handed_over_at=NOON), Choice.REJECT, 50, ""),
]


@pytest.mark.parametrize(("story", "so_far", "choice", "minutes", "why"), ANSWERS, ids=[row[0] for row in ANSWERS])
def test_which_answers_count(story: str, so_far: Case | None, choice: Choice, minutes: int, why: str) -> None:
    answer, now = Answer("i-0aa1-1", choice, "Cleo"), after(minutes=minutes)

    assert why in unheeded(so_far, answer, now)
    assert bool(why) == bool(unheeded(so_far, answer, now))
    if so_far is not None:
        told = with_answer(so_far, answer, now)
        answered = replace(QUESTION, choice=choice, answered_at=now, by="Cleo")
        assert told == (so_far if why else replace(so_far, approval=answered))


def test_people_are_asked_once_and_their_deadline_does_not_move() -> None:
    first = approval.ask(case(), timedelta(minutes=30), NOON)

    assert first.approval == QUESTION
    assert approval.ask(first, timedelta(hours=9), after(minutes=5)) == first


def test_a_no_still_holds_after_people_have_taken_over() -> None:
    """What AWS stopped is not started again against their word."""
    tried = attempt(Action.START, after(minutes=-3), Verdict.RETRY, "InsufficientInstanceCapacity")
    stopped = observed(state=InstanceState.STOPPED, state_reason_code="Server.SpotInstanceShutdown")
    so_far = replace(case(tried, handed_over_at=NOON, cause=Cause.STOPPED_UNASKED), approval=NO)

    decision = decided(so_far, after(minutes=30), facts=stopped)

    assert isinstance(decision, Wait)
    assert decision.reason == "Bob said no to its repair"


def test_the_first_act_waits_until_somebody_says_yes() -> None:
    held = decided(asked(None))

    assert isinstance(held, Hold)
    assert (held.guard, held.action) == (approval.GUARD, Action.REBOOT)


def test_it_is_looked_at_again_when_the_time_for_a_yes_is_over() -> None:
    held = decided(asked(), after(minutes=29, seconds=30))

    assert isinstance(held, Hold)
    assert held.look_again_at == HALF_PAST


def test_with_a_yes_it_acts() -> None:
    assert isinstance(decided(asked(YES)), Act)


@pytest.mark.parametrize(
    ("said", "minutes", "words"),
    [
        (NO, 1, "Bob said no to its repair"),
        (replace(YES, choice=Choice.REJECT, by="Cleo"), 50, "Cleo said no to its repair"),
        (QUESTION, 30, "nobody approved its repair within 30m"),
    ],
)
def test_a_no_or_no_answer_leaves_it_to_people(said: Approval, minutes: int, words: str) -> None:
    decision = decided(asked(said, resumed_at=after(minutes=minutes)), after(minutes=minutes))

    assert isinstance(decision, Escalate)
    assert decision.reason == words
    assert "Repair it yourself" in decision.ask


def test_what_people_have_is_watched() -> None:
    assert isinstance(decided(asked(NO, handed_over_at=after(minutes=1)), after(minutes=2)), Wait)


def test_in_maintenance_nobody_is_called_because_nobody_answered() -> None:
    limits = policy(mode=Mode.APPROVE, maintenance=(NOONS,))

    assert isinstance(decided(asked(resumed_at=HALF_PAST), HALF_PAST, limits), Wait)


def test_in_heal_mode_an_old_no_is_no_obstacle() -> None:
    assert isinstance(decided(asked(NO), limits=policy()), Act)


def test_waiting_for_people_does_not_age_the_repair() -> None:
    limits = replace(ASKING, repair=replace(ASKING.repair, approval_timeout=timedelta(days=1)))
    waiting = asked(Approval(NOON, after(days=1)), held_by=approval.GUARD)

    assert isinstance(decided(waiting, after(hours=23), limits), Hold)


@pytest.mark.parametrize("answered", [None, QUESTION, NO])
def test_what_defib_has_stopped_it_starts_again_without_asking(answered: Approval | None) -> None:
    stopped = asked(answered)
    stopped = replace(stopped, attempts=(*stopped.attempts, replace(attempt(Action.STOP), number=2)))
    down = observed(state=InstanceState.STOPPED, state_reason_code="Client.UserInitiatedShutdown")
    decision = decided(replace(stopped, cause=Cause.STOPPED_BY_DEFIB), after(minutes=2), facts=down)

    assert isinstance(decision, Act)
    assert decision.action is Action.START


@pytest.mark.parametrize("action", list(Action))
def test_a_yes_is_needed_for_what_changes_something_and_gives_nothing_back(action: Action) -> None:
    assert needs_yes(action, case()) is (action not in GIVES_BACK | {Action.EVIDENCE})


def test_the_documented_command_is_the_one_that_people_get() -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")

    assert command(case(instance_id="i-0a1b2c3d4e5f60001"), Choice.APPROVE, REGION) in page
