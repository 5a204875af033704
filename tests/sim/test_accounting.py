from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from defib.core.case import Action, Attempt
from defib.core.model import InstanceState, Result, Verdict
from defib.core.policy import Repair
from sim.accounting import aws_imposed, grace_for
from sim.faults import FaultKind
from sim.machine import ActiveFault, Machine, View
from sim.recording import InstanceTrack, Span
from sim.scenario import Fault
from sim.scenario_value import Trait

STRUCK = datetime(2026, 4, 30, 12, 0, tzinfo=UTC)
TRIAL = timedelta(minutes=3)
VIEW = View(InstanceState.STOPPED, STRUCK)
MACHINE = Machine(
    "i-1", "web-1", "web", "us-east-1a", "m7g.large", {}, InstanceState.STOPPED, STRUCK, VIEW, VIEW, STRUCK
)


def at(minutes: float) -> datetime:
    return STRUCK + timedelta(minutes=minutes)


def spans(*changes: tuple[float, float, str]) -> tuple[Span, ...]:
    return tuple(Span(at(start), at(end), value) for start, end, value in changes)


Changes = Sequence[tuple[float, float, str]]


def track(states: Changes = (), checks: Changes = (), targets: Changes = ()) -> InstanceTrack:
    return InstanceTrack("i-1", "web-1", "web", "us-east-1a", spans(*states), spans(*checks), spans(*targets))


def attempt(action: Action, minutes: float) -> Attempt:
    return Attempt(1, action, "why", at(minutes), at(minutes), Result("i-1-1", 1, Verdict.DONE, at(minutes)))


def test_a_check_that_fails_only_during_the_reboot_does_not_show_the_fault() -> None:
    seen = track(checks=[(0, 4.5, "ok"), (4.5, 5, "impaired"), (5, 9, "ok")], targets=[(0.3, 5, "unhealthy")])
    imposed = aws_imposed(STRUCK, at(0.3), at(6), [attempt(Action.REBOOT, 4)], seen, TRIAL)
    # Until the load balancer shows it, and from the reboot until its checks pass.
    assert imposed == timedelta(minutes=0.3) + timedelta(minutes=1)


REBOOTED = [
    # After EC2's checks have passed at 5.
    ("its load balancer's checks pass later", [(0.3, 5.5, "unhealthy"), (5.5, 9, "healthy")], (), 1.5),
    ("they have passed before", [(0.3, 4.8, "unhealthy"), (4.8, 9, "healthy")], (), 1),
    ("they never failed", [(0, 9, "healthy")], (), 1),
    ("they pass after the trial", [(0.3, 7.5, "unhealthy"), (7.5, 9, "healthy")], (), 1),
    ("they pass after another act", [(0.3, 5.5, "unhealthy"), (5.5, 9, "healthy")], [(Action.STOP, 5.2)], 1),
]


@pytest.mark.parametrize(("targets", "later", "minutes"), [r[1:] for r in REBOOTED], ids=[r[0] for r in REBOOTED])
def test_a_rebooted_instance_waits_for_its_load_balancer_as_after_a_registration(
    targets: Changes, later: Sequence[tuple[Action, float]], minutes: float
) -> None:
    seen = track(checks=[(0, 4.5, "ok"), (4.5, 5, "impaired"), (5, 9, "ok")], targets=targets)
    attempts = [attempt(Action.REBOOT, 4), *(attempt(action, when) for action, when in later)]
    assert aws_imposed(STRUCK, None, at(9), attempts, seen, TRIAL) == timedelta(minutes=minutes)


def test_the_second_failed_sample_counts_where_a_check_shows_the_fault() -> None:
    seen = track(checks=[(0, 0.5, "ok"), (0.5, 4, "impaired")])
    assert aws_imposed(STRUCK, at(0.5), at(4), [attempt(Action.STOP, 2)], seen, TRIAL) == timedelta(minutes=1.5)


LEFT = [
    ("it was left to EC2 until the grace was over", 4.5, 3, 3.5),
    ("it was acted on before that", 2, 3, 1.5),
    ("EC2 would not recover it", 4.5, 0, 1.5),
]


@pytest.mark.parametrize(("acted", "grace", "minutes"), [r[1:] for r in LEFT], ids=[r[0] for r in LEFT])
def test_a_failed_host_that_is_left_to_ec2_waits_for_ec2(acted: float, grace: float, minutes: float) -> None:
    seen = track(checks=[(0, 0.5, "ok"), (0.5, 6, "impaired")])
    fault = ActiveFault(Fault(timedelta(0), ("web-1",), FaultKind.SYSTEM_IMPAIRED), MACHINE, STRUCK)
    given = timedelta(minutes=grace)
    imposed = aws_imposed(STRUCK, at(0.5), at(6), [attempt(Action.STOP, acted)], seen, TRIAL, [fault], given)
    assert imposed == timedelta(minutes=minutes)


def test_what_ec2_recovers_within_its_grace_took_ec2s_time_and_no_longer() -> None:
    seen = track(checks=[(0, 0.5, "ok"), (0.5, 2.5, "impaired"), (2.5, 9, "ok")])
    fault = ActiveFault(Fault(timedelta(0), ("web-1",), FaultKind.SYSTEM_IMPAIRED), MACHINE, STRUCK)
    assert aws_imposed(STRUCK, at(0.5), at(4), (), seen, TRIAL, [fault], timedelta(minutes=3)) == timedelta(minutes=2.5)


@pytest.mark.parametrize(
    ("changes", "recovered"),
    [
        ({}, True),
        ({"instance_type": "m7gd.large"}, False),
        ({"traits": (Trait.DEDICATED_HOST,)}, False),
        ({"tags": {"aws:autoscaling:groupName": "web"}}, False),
    ],
)
def test_only_what_ec2_would_recover_is_left_to_it(changes: dict[str, Any], recovered: bool) -> None:
    repair = Repair()
    expected = repair.auto_recovery_grace if recovered else timedelta(0)
    assert grace_for(replace(MACHINE, **changes), repair) == expected


def test_no_capacity_is_imposed_while_it_is_stopped() -> None:
    seen = track(states=[(0, 2, "running"), (2, 12, "stopped"), (12, 20, "running")])
    fault = ActiveFault(Fault(timedelta(0), ("web-1",), FaultKind.START_CAPACITY), MACHINE, STRUCK, ended_at=at(10))
    assert aws_imposed(STRUCK, None, at(13), (), seen, TRIAL, [fault]) == timedelta(minutes=8)
