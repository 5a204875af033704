"""What Defib has drained for a stop that may not follow serves on: nobody else does, or others wait for its turn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from defib.core.case import Act, Action, Attempt, Case, Close, Decision, Hold
from defib.core.decide import decide
from defib.core.diagnose import diagnose
from defib.core.left_out import with_drained
from defib.core.model import Cause, Checks, Observation, Peers, Switch, TargetHealth, Verdict
from defib.core.policy import Policy
from defib.core.target_group import GROUP_GONE
from defib.core.verify import rejoining
from tests.core.facts import HARMLESS, NOON, POLICY, WEB, after, attempt, case, impaired, observed, policy, target

BAD = Checks(impaired(after(minutes=-9)), impaired(after(minutes=-9)))
FLOOR = policy(minimum_healthy=1)
EVIDENCE, DRAIN = attempt(Action.EVIDENCE, after(minutes=-7)), attempt(Action.DRAIN, after(minutes=-6))
RESTORE = attempt(Action.RESTORE, after(minutes=-1))
ALONE = Peers(running=1, healthy=0)


def drained(*since: Attempt, **changes: Any) -> Case:
    """Taken from its load balancer six minutes ago, when it still served."""
    facts = {"cause": Cause.SYSTEM_IMPAIRED, "registrations": (WEB,), "drained_serving": True}
    return case(EVIDENCE, DRAIN, *since, opened_at=after(minutes=-8), **(facts | changes))


def failing(health: TargetHealth, others: int, **changes: Any) -> Observation:
    """Its host fails; what its load balancer says of it, and how many others are healthy there."""
    return observed(checks=BAD, targets=(replace(target(health), others_healthy=others),), **changes)


def decided(so_far: Case, facts: Observation, limits: Policy = POLICY) -> Decision:
    return decide(so_far, facts, diagnose(facts, so_far, limits, NOON), limits, NOON)


def act_of(decision: Decision) -> Action | None:
    return decision.action if isinstance(decision, Act) else None


def guard_of(decision: Decision) -> str:
    return decision.guard if isinstance(decision, Hold) else ""


@pytest.mark.parametrize("health", [TargetHealth.DRAINING, TargetHealth.UNUSED])
def test_what_is_drained_while_its_stop_is_held_goes_back_and_is_held_there(health: TargetHealth) -> None:
    """Else those that it waits for would wait for its turn to end."""
    assert act_of(decided(drained(), failing(health, 1, peers=ALONE), FLOOR)) is Action.RESTORE
    back = failing(TargetHealth.HEALTHY, 1, peers=ALONE)
    assert guard_of(decided(drained(RESTORE), back, FLOOR)) == "minimum_healthy"


@pytest.mark.parametrize("health", [TargetHealth.DRAINING, TargetHealth.UNUSED])
def test_so_does_what_is_drained_when_nobody_else_serves_any_more(health: TargetHealth) -> None:
    assert act_of(decided(drained(), failing(health, 0))) is Action.RESTORE
    assert act_of(decided(drained(), failing(health, 1))) is Action.STOP


@pytest.mark.parametrize(
    ("health", "goes_on"),
    [(TargetHealth.INITIAL, False), (TargetHealth.HEALTHY, False), (TargetHealth.UNHEALTHY, True)],
)
def test_back_there_it_is_stopped_only_once_it_serves_no_more(health: TargetHealth, goes_on: bool) -> None:
    decision = decided(drained(RESTORE), failing(health, 0))

    assert (act_of(decision), guard_of(decision)) == ((Action.STOP, "") if goes_on else (None, "last_healthy_target"))


def test_what_did_not_serve_when_it_was_drained_stays_out() -> None:
    unserving = drained(drained_serving=False)

    assert act_of(decided(unserving, failing(TargetHealth.UNUSED, 0))) is Action.STOP
    assert guard_of(decided(unserving, failing(TargetHealth.UNUSED, 0, peers=ALONE), FLOOR)) == "minimum_healthy"


def test_so_does_what_has_been_stopped_and_started_since() -> None:
    twice = replace(POLICY, repair=replace(POLICY.repair, restarts=2))
    started = drained(attempt(Action.STOP, after(minutes=-30)), attempt(Action.START, after(minutes=-29)))
    facts = failing(TargetHealth.UNUSED, 0, launched_at=after(minutes=-29))

    assert act_of(decided(replace(started, opened_at=after(minutes=-40)), facts, twice)) is Action.STOP


def test_nothing_is_put_back_with_the_kill_switch_off_nor_for_want_of_an_answer() -> None:
    off = failing(TargetHealth.UNUSED, 1, peers=ALONE, healing=Switch.OFF)
    unread = replace(HARMLESS, stop_protected=None, unread="no answer", unanswered=True)

    assert guard_of(decided(drained(), off, FLOOR)) == "kill_switch"
    assert guard_of(decided(drained(), failing(TargetHealth.UNUSED, 1, traits=unread), FLOOR)) == "traits_unread"


def test_where_it_can_not_be_put_back_it_is_held_as_it_is() -> None:
    tries = [attempt(Action.RESTORE, after(minutes=-5 + n), Verdict.RETRY) for n in range(POLICY.repair.starts)]
    in_vain = drained(*tries)

    assert act_of(decided(in_vain, failing(TargetHealth.UNUSED, 1, peers=ALONE), FLOOR)) is None
    assert "It is deregistered from web" in with_drained("Look at it.", in_vain), "in case it comes to people"


def test_where_its_group_has_been_deleted_meanwhile_it_is_held_and_takes_nobodys_turn() -> None:
    facts = failing(TargetHealth.UNUSED, 0, peers=ALONE)
    gone = replace(facts, targets=(replace(facts.targets[0], reason=GROUP_GONE, others_healthy=None),))

    assert act_of(decided(drained(), gone, FLOOR)) is Action.RESTORE, "which finds that there is nothing to put back"
    assert guard_of(decided(drained(RESTORE), gone, FLOOR)) == "minimum_healthy"
    assert not drained(RESTORE).is_away


def test_what_works_again_is_healed_though_its_group_has_been_deleted_meanwhile() -> None:
    since = after(minutes=-30)
    started = drained(attempt(Action.STOP, after(minutes=-5)), attempt(Action.START, after(minutes=-4)), RESTORE)
    well = replace(started, cause=Cause.HEALTHY, healthy_since=since)
    gone = observed(targets=(replace(target(TargetHealth.UNUSED), reason=GROUP_GONE),), launched_at=after(minutes=-4))

    assert isinstance(decided(well, gone), Close)
    assert act_of(decided(well, replace(gone, targets=(target(TargetHealth.UNUSED),)))) is Action.RESTORE


def test_so_is_one_that_its_auto_scaling_group_was_to_put_back_there() -> None:
    entered, left = attempt(Action.ENTER_STANDBY, after(minutes=-9)), attempt(Action.EXIT_STANDBY, after(minutes=-1))
    well = case(EVIDENCE, entered, left, cause=Cause.HEALTHY, standby_places=(WEB,))
    absent = observed(targets=(target(TargetHealth.UNUSED),))
    gone = replace(absent, targets=(replace(absent.targets[0], reason=GROUP_GONE),))

    assert rejoining(well, absent) == (WEB,)
    assert rejoining(well, gone) == ()
