"""Where a dead application is healed, its load balancer is asked more than once a minute, if the operator says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from defib.core.between_sweeps import asks, in_turn, is_over, leaves_to_sweep, looks_by_itself
from defib.core.case import Action, Case
from defib.core.detection import ASKS_MAX, MINUTE, Detection
from defib.core.model import Cause, TargetGroupSignal
from defib.core.policy import ApplicationRemedy, Mode, Policy, Service, TargetGroup
from defib.core.rationing import AT_ONCE, spread
from defib.core.stack import Crowd, Impairment, Stack
from tests.core.facts import NOON, POLICY, SERVICE, after, attempt, case

REBOOT, TELL = ApplicationRemedy.REBOOT, ApplicationRemedy.TELL


def groups(*names: str) -> tuple[TargetGroup, ...]:
    arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{}/6d0ecf831eec9f09"
    return tuple(TargetGroup(arn.format(name), "app/web/50dc6c495c0c9188") for name in names)


def service(name: str, *named: str, remedy: ApplicationRemedy = REBOOT, mode: Mode = Mode.HEAL) -> Service:
    return replace(SERVICE, name=name, application_down=remedy, target_groups=groups(*named), mode=mode)


def asking(every: int, *services: Service) -> Policy:
    """A policy that has them asked every so many seconds."""
    return replace(POLICY, services=services, detection=Detection(targets_every=timedelta(seconds=every)))


def asked(policy: Policy) -> list[tuple[str, float]]:
    """Which groups, and how many seconds after the sweep."""
    return [(q.target_group_arn.split("/")[1], (q.at - NOON).total_seconds()) for q in asks(policy, NOON)]


WHEN: list[tuple[int, list[int]]] = [
    (60, []),
    (59, [59]),
    (30, [30]),
    (25, [25, 50]),
    (20, [20, 40]),
    (10, [10, 20, 30, 40, 50]),
    (5, [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55]),
]


@pytest.mark.parametrize(("every", "seconds"), WHEN)
def test_a_group_is_asked_so_often_between_two_sweeps_and_the_sweep_itself_asks_once(
    every: int, seconds: list[int]
) -> None:
    assert asked(asking(every, service("web", "web"))) == [("web", at) for at in seconds]


def test_only_groups_of_services_that_heal_a_dead_application_are_asked() -> None:
    restart = service("api", "api", remedy=ApplicationRemedy.RESTART)
    told, bare = service("db", "db", remedy=TELL), service("worker")

    assert asked(asking(30, service("web", "web", "www"), restart, told, bare)) == [
        ("web", 30),
        ("www", 30),
        ("api", 30),
    ]


@pytest.mark.parametrize("mode", Mode)
def test_a_service_that_is_only_observed_is_seen_as_soon_as_one_that_is_healed(mode: Mode) -> None:
    assert asked(asking(30, service("web", "web", mode=mode))) == [("web", 30)]


def test_many_groups_are_asked_one_after_the_other() -> None:
    many = asked(asking(30, service("web", *(f"g{n}" for n in range(AT_ONCE + 3)))))

    assert [at - 30 for _, at in many] == [spread(n).total_seconds() for n in range(AT_ONCE + 3)]
    assert many[-1][1] > many[0][1]


@pytest.mark.parametrize("every", [5, 7, 10, 29, 30, 59])
def test_it_is_known_beforehand_how_many_questions_that_makes(every: int) -> None:
    policy = asking(every, service("web", "web"), service("api", "api"))

    assert policy.asks_a_minute == len(asks(policy, NOON)) <= ASKS_MAX


def test_a_question_is_over_when_the_next_sweep_comes_and_an_alarm_never() -> None:
    question, alarm = asks(asking(30, service("web", "web")), NOON)[0], TargetGroupSignal("arn", NOON, "alarm")

    assert not is_over(question, after(seconds=59))
    assert is_over(question, NOON + MINUTE)
    assert not is_over(alarm, after(days=1))


def test_while_a_zone_is_impaired_or_a_crowd_waits_the_sweeps_share_out_the_looks() -> None:
    assert not leaves_to_sweep(Stack(failing=90))
    assert leaves_to_sweep(Stack(impaired=(Impairment("us-east-1a", NOON, 40),)))
    assert leaves_to_sweep(Stack(crowd=Crowd(NOON, {"web": 101}, 101)))


def test_of_many_unhealthy_targets_a_few_are_looked_at_and_in_some_minutes_each() -> None:
    few, many = [f"i-{n}" for n in range(AT_ONCE)], [f"i-{n}" for n in range(100)]

    assert in_turn(few, NOON) == few
    minutes = [in_turn(many, NOON + n * MINUTE) for n in range(8)]
    assert max(len(chosen) for chosen in minutes) < 2 * AT_ONCE
    assert {i for chosen in minutes for i in chosen} == set(many)


BY_ITSELF: list[tuple[str, Case | None, bool]] = [
    ("no case", None, False),
    ("a closed one", case(closed_at=NOON), False),
    ("its patience runs", case(cause=Cause.APPLICATION_DOWN, look_again_at=after(minutes=3)), True),
    ("held for long", case(cause=Cause.APPLICATION_DOWN, look_again_at=after(minutes=5)), True),
    ("under repair", case(attempt(Action.REBOOT), cause=Cause.INITIALIZING, look_again_at=after(seconds=10)), True),
    ("about to be called healed", case(cause=Cause.HEALTHY, look_again_at=after(seconds=30)), True),
    ("its look is overdue", case(cause=Cause.HEALTHY, look_again_at=after(minutes=-1)), True),
    ("watched for long", case(cause=Cause.HEALTHY, look_again_at=after(minutes=10)), False),
    ("AWS has announced something", case(cause=Cause.EVENT_SCHEDULED, look_again_at=after(days=3)), False),
]


@pytest.mark.parametrize(("known", "does"), [row[1:] for row in BY_ITSELF], ids=[row[0] for row in BY_ITSELF])
def test_whose_case_knows_of_a_failure_or_looks_soon_needs_no_look_besides(known: Case | None, does: bool) -> None:
    assert looks_by_itself(known, NOON) is does


def test_a_detection_that_is_not_set_asks_nobody_besides_the_sweep() -> None:
    changes: dict[str, Any] = {"services": (service("web", "web"),)}

    assert asks(replace(POLICY, **changes), NOON) == []
