"""Bare metal and Macs are given the time that they take, and a Mac is not stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.boot import (
    BARE_METAL,
    CAPACITY_BLOCK,
    CLEANED_UP,
    climb,
    is_bare_metal,
    stopped_from,
    with_time_to_boot,
    with_time_to_stop,
)
from defib.core.case import Act, Action, Attempt, Case, Decision, Hold, Wait
from defib.core.decide import decide
from defib.core.diagnose import diagnose
from defib.core.model import Cause, Checks, InstanceState, Observation
from defib.core.policy import Policy, Repair
from defib.core.words import plan
from tests.core.facts import INITIALIZING, NOON, OK, POLICY, SERVICE, after, attempt, case, impaired, observed

EVIDENCE = attempt(Action.EVIDENCE, after(minutes=-30))
BOOTING = Checks(INITIALIZING, INITIALIZING)
SINCE = after(minutes=-30)
BAD = Checks(OK, impaired(SINCE))
METAL = ("m5.metal", "m7i.metal-24xl", "mac2.metal", "mac2-m2pro.metal")


def decided(so_far: Case, facts: Observation, of: Policy = POLICY) -> Decision:
    return decide(so_far, facts, diagnose(facts, so_far, of, NOON), of, NOON)


@pytest.mark.parametrize("kind", METAL)
def test_bare_metal_that_boots_for_a_quarter_of_an_hour_is_not_dead(kind: str) -> None:
    facts = observed(checks=BOOTING, launched_at=after(minutes=-15), instance_type=kind)

    assert diagnose(facts, None, POLICY, NOON).cause is Cause.INITIALIZING
    assert diagnose(replace(facts, instance_type="m5.large"), None, POLICY, NOON).cause is Cause.DEAD_ON_ARRIVAL


@pytest.mark.parametrize("kind", METAL)
def test_nor_does_it_boot_for_ever(kind: str) -> None:
    facts = observed(checks=BOOTING, launched_at=NOON - BARE_METAL - timedelta(seconds=1), instance_type=kind)

    assert diagnose(facts, None, POLICY, NOON).cause is Cause.DEAD_ON_ARRIVAL


@pytest.mark.parametrize(
    ("state", "ordinary"),
    [(InstanceState.PENDING, Cause.STUCK_PENDING), (InstanceState.STOPPING, Cause.STUCK_STOPPING)],
)
def test_its_start_and_its_stop_may_take_as_long(state: InstanceState, ordinary: Cause) -> None:
    facts = observed(state=state, launched_at=after(minutes=-15), instance_type="mac2.metal")
    stopping = case(cause=Cause.STOPPING, since=after(minutes=-15))

    assert diagnose(facts, stopping, POLICY, NOON).cause not in (Cause.STUCK_PENDING, Cause.STUCK_STOPPING)
    assert diagnose(replace(facts, instance_type=""), stopping, POLICY, NOON).cause is ordinary


def test_what_is_in_a_capacity_block_is_cleaned_up_before_its_stop_is_forced() -> None:
    stopped = attempt(Action.STOP, after(minutes=-15))
    so_far = case(EVIDENCE, stopped, cause=Cause.STOPPING, since=after(minutes=-15), confirmed_at=SINCE)
    facts = observed(state=InstanceState.STOPPING, instance_type="p5.48xlarge", lifecycle=CAPACITY_BLOCK)

    waits, forced = decided(so_far, facts), decided(so_far, replace(facts, lifecycle=""))

    assert isinstance(waits, Wait)
    assert waits.look_again_at > NOON
    assert isinstance(forced, Act)
    assert forced.action is Action.FORCE_STOP


def test_nor_does_that_take_for_ever_and_the_repair_may_grow_as_old() -> None:
    facts = observed(state=InstanceState.STOPPING, lifecycle=CAPACITY_BLOCK)
    stopping = case(cause=Cause.STOPPING, since=NOON - CLEANED_UP)
    tight = replace(POLICY, repair=replace(POLICY.repair, case_age=climb(POLICY)))
    patient = replace(POLICY, repair=replace(POLICY.repair, stop_timeout=timedelta(minutes=30)))
    given = with_time_to_stop(tight, CAPACITY_BLOCK)

    assert diagnose(facts, stopping, POLICY, NOON).cause is Cause.STUCK_STOPPING
    assert given.repair.case_age == climb(given) > climb(POLICY)
    assert with_time_to_stop(patient, CAPACITY_BLOCK) is patient
    assert with_time_to_stop(tight, "spot") is tight


TRIALS = [
    ("a reboot", (EVIDENCE, attempt(Action.REBOOT, after(minutes=-15))), BAD, "giving the reboot time to work"),
    (
        "a start",
        (EVIDENCE, attempt(Action.STOP, after(minutes=-40)), attempt(Action.START, after(minutes=-15))),
        BAD,
        "giving the start time to work",
    ),
    (
        "a boot after a start",
        (EVIDENCE, attempt(Action.STOP, after(minutes=-40)), attempt(Action.START, after(minutes=-15))),
        BOOTING,
        "it is starting up",
    ),
]


@pytest.mark.parametrize(("attempts", "checks", "words"), [t[1:] for t in TRIALS], ids=[t[0] for t in TRIALS])
def test_what_is_done_to_it_has_as_long_to_show(attempts: tuple[Attempt, ...], checks: Checks, words: str) -> None:
    so_far = case(*attempts, since=SINCE, confirmed_at=SINCE)
    launched = after(minutes=-15) if so_far.count(Action.START) else after(days=-30)
    facts = observed(checks=checks, launched_at=launched, instance_type="m5.metal")

    waits = decided(so_far, facts)

    assert isinstance(waits, Wait)
    assert waits.reason == words
    assert isinstance(decided(so_far, replace(facts, instance_type="m5.large")), Act)


def test_a_repair_of_it_may_grow_as_old_as_one_climb_takes() -> None:
    given = with_time_to_boot(POLICY, "m5.metal")

    assert given.repair.case_age == climb(given) > climb(POLICY)


def test_what_the_operator_allows_beyond_that_stands() -> None:
    patient = replace(POLICY, repair=replace(POLICY.repair, arrival_timeout=timedelta(hours=1)))

    assert with_time_to_boot(patient, "m5.metal").repair.arrival_timeout == timedelta(hours=1)


def test_people_read_how_long_its_reboot_is_given() -> None:
    assert "after 40m" in plan(case(instance_type="m5.metal"), SERVICE, POLICY)
    assert "after 3m" in plan(case(instance_type="m5.large"), SERVICE, POLICY)


@pytest.mark.parametrize("kind", ["", "m5.large", "m7g.24xlarge", "m5.24xlarge"])
def test_all_other_types_keep_to_the_policy(kind: str) -> None:
    assert not is_bare_metal(kind)
    assert with_time_to_boot(POLICY, kind) is POLICY


def test_a_mac_is_rebooted_and_then_left_to_people() -> None:
    facts = observed(checks=BAD, instance_type="mac1.metal")
    tried = case(EVIDENCE, attempt(Action.REBOOT, NOON - BARE_METAL), since=SINCE, confirmed_at=after(minutes=-41))

    first, then = decided(case(EVIDENCE, since=SINCE), facts), decided(tried, facts, POLICY)

    assert isinstance(first, Act)
    assert first.action is Action.REBOOT
    assert isinstance(then, Hold)
    assert then.guard == "mac_host"
    assert "four and a half hours" in then.reason


SOON = timedelta(seconds=20)


@pytest.mark.parametrize(
    "repair",
    [
        replace(POLICY.repair, arrival_timeout=SOON),
        replace(POLICY.repair, reboot_trial=SOON),
        replace(POLICY.repair, restart_trial=SOON),
    ],
    ids=["arrival_timeout", "reboot_trial", "restart_trial"],
)
def test_what_does_not_come_up_is_stopped_as_soon_as_the_shortest_of_its_trials_is_over(repair: Repair) -> None:
    assert stopped_from(replace(POLICY, repair=repair), SERVICE) == SOON


def test_or_when_a_start_has_had_its_time() -> None:
    service = replace(SERVICE, verify=replace(SERVICE.verify, timeout=timedelta(seconds=30)))
    assert stopped_from(POLICY, service) == timedelta(seconds=30)
