"""Starting what was handed over while it is stopped: no end of trying after people were asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from defib.core.case import Act, Action, Case, Close, Outcome, Wait
from defib.core.model import Cause, Observation, Verdict
from tests.core.facts import NOON, POLICY, after, attempt, case, observed
from tests.core.starts import (
    EVIDENCE,
    FULL,
    STOP,
    STOPPED_FACTS,
    UNFIT,
    decided,
    resize,
)

HANDED = case(EVIDENCE, STOP, *(FULL,) * 5, handed_over_at=NOON, cause=Cause.STOPPED_BY_DEFIB)


@pytest.mark.parametrize(("seconds", "tries"), [(59, False), (60, True), (7200, True)])
def test_it_is_started_again_after_a_while(seconds: int, tries: bool) -> None:
    decision = decided(HANDED, limits=POLICY, now=after(seconds=seconds))

    assert isinstance(decision, Act if tries else Wait)
    assert not isinstance(decision, Act) or decision.action is Action.START


def test_the_pauses_grow_with_the_time_so_that_it_is_back_soon_after_it_can_be() -> None:
    tried = tuple(attempt(Action.START, after(minutes=m), Verdict.RETRY, "x") for m in (0, 50, 100))
    handed = case(EVIDENCE, STOP, *tried, handed_over_at=after(minutes=5))

    assert isinstance(decided(handed, now=after(minutes=106, seconds=59)), Wait)
    assert isinstance(decided(handed, now=after(minutes=107)), Act)


def test_a_week_of_tries_is_few_enough_for_a_case() -> None:
    handed, tries, now = HANDED, 0, NOON
    while now < after(minutes=7 * 24 * 60):
        now += timedelta(minutes=1)
        if isinstance(decided(handed, limits=POLICY, now=now), Act):
            tries += 1
            more = (*handed.attempts, attempt(Action.START, now, Verdict.RETRY, "x"))
            handed = replace(handed, attempts=more)

    assert 50 < tries < 150


def test_in_a_long_drought_every_type_has_its_turn() -> None:
    handed, facts, now = replace(HANDED, instance_type="m7g.large"), STOPPED_FACTS, NOON
    known, started_as = len(handed.attempts), list[str]()
    while now < after(minutes=24 * 60):
        now += timedelta(seconds=30)
        decision = decided(handed, facts, now=now)
        if not isinstance(decision, Act):
            continue
        started_as += [facts.instance_type] if decision.action is Action.START else []
        facts = replace(facts, instance_type=decision.to or facts.instance_type)
        verdict = Verdict.DONE if decision.action is Action.RESIZE else Verdict.RETRY
        made = replace(attempt(decision.action, now, verdict, "InsufficientInstanceCapacity"), to=decision.to)
        handed = replace(handed, attempts=(*handed.attempts, replace(made, number=len(handed.attempts) + 1)))

    assert len(started_as) > 50
    assert started_as[:6] == ["m6g.large", "m8g.large", "m7g.large"] * 2
    assert len(handed.attempts) - known == 2 * len(started_as)


def test_a_type_that_was_refused_has_no_more_turns() -> None:
    tried = (*(FULL,) * 3, resize("m6g.large"), UNFIT, resize("m8g.large"), FULL)
    attempts = case(EVIDENCE, STOP, *tried).attempts
    handed = replace(HANDED, attempts=attempts, handed_over_at=after(minutes=-5), instance_type="m7g.large")
    as_last = replace(STOPPED_FACTS, instance_type="m8g.large")

    decision = decided(handed, as_last)
    assert isinstance(decision, Act)
    assert decision.to == "m7g.large"

    again = case(EVIDENCE, STOP, *tried, resize("m7g.large"), FULL).attempts
    decision = decided(replace(handed, attempts=again))
    assert isinstance(decision, Act)
    assert decision.to == "m8g.large"


def test_a_type_that_can_not_be_had_costs_a_try_no_more_than_one_call() -> None:
    denied = resize("m6g.large", Verdict.REFUSED)
    handed = case(EVIDENCE, STOP, *(FULL,) * 5, denied, handed_over_at=after(minutes=-5), instance_type="m7g.large")

    decision = decided(handed)

    assert isinstance(decision, Act)
    assert decision.action is Action.START


@pytest.mark.parametrize(
    ("so_far", "facts"),
    [
        (case(EVIDENCE, handed_over_at=NOON), replace(STOPPED_FACTS, state_reason_code="Server.InternalError")),
        (HANDED, replace(STOPPED_FACTS, launched_at=after(minutes=5))),
        (HANDED, replace(STOPPED_FACTS, transition_reason="User initiated (2026-04-30 12:05:00 GMT)")),
        (HANDED, observed()),
    ],
    ids=["never touched by Defib", "started by a person since", "stopped by a person since", "running"],
)
def test_what_others_have_taken_up_is_not(so_far: Case, facts: Observation) -> None:
    assert not isinstance(decided(so_far, facts, now=after(minutes=30)), Act)


def test_one_that_such_a_start_revives_is_healed_and_not_by_people() -> None:
    revived = case(
        EVIDENCE,
        STOP,
        attempt(Action.START, after(minutes=30)),
        handed_over_at=NOON,
        healthy_since=after(minutes=40),
    )

    decision = decided(revived, observed(launched_at=after(minutes=30)), now=after(minutes=60))

    assert isinstance(decision, Close)
    assert decision.outcome is Outcome.HEALED


@pytest.mark.parametrize(("ended", "again"), [(after(minutes=-2), True), (after(seconds=-30), False)])
def test_after_a_try_that_was_taken_up_late_the_next_waits_all_the_same(ended: datetime, again: bool) -> None:
    late = attempt(Action.START, after(minutes=-2), Verdict.RETRY, "InsufficientInstanceCapacity")
    assert late.result is not None
    late = replace(late, result=replace(late.result, at=ended))

    decision = decided(case(EVIDENCE, STOP, FULL, late, handed_over_at=after(minutes=-4)))

    assert isinstance(decision, Act) is again
