"""What Defib sees of EC2 and the load balancers, by the ports in memory as by the deployed edges on moto."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from defib.core.model import CheckStatus, InstanceState, Registration, TargetHealth
from defib.core.shift import Served
from defib.shell.ports import CallFailed, Rejected, Transient, Unanswered
from sim.faults import FaultKind
from sim.fuzz.trouble import Trouble
from sim.scenario import Fault
from tests.contract.ports import Befalls, Ports, in_memory, on_moto
from tests.contract.said import differences, said

Stage = Callable[..., Ports]

NOBODYS = "i-0123456789abcdef0"
WEB = Registration("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/6d0ecf831eec9f09", 80)
NO_GROUP = WEB.target_group_arn.replace("/web/", "/gone/")
STRUCK = timedelta(minutes=2)
STRIKES = tuple(
    Fault(STRUCK, (name,), kind)
    for name, kind in {
        "web-1": FaultKind.ZOMBIE,
        "web-2": FaultKind.STOPPED_UNASKED,
        "pool-1": FaultKind.APPLICATION_DOWN,
        "pool-2": FaultKind.SYSTEM_IMPAIRED,
        "pool-3": FaultKind.EVENT_ANNOUNCED,
        "alone-1": FaultKind.STOPPED_BY_PERSON,
        "alone-2": FaultKind.EBS_IMPAIRED,
        "alone-3": FaultKind.TERMINATED,
        "alone-4": FaultKind.DEAD_ON_ARRIVAL,
        "alone-5": FaultKind.STUCK_STOPPING,
        "host-1": FaultKind.AWS_MAINTENANCE,
        "other-1": FaultKind.ZOMBIE,
        "nobodys-1": FaultKind.ZOMBIE,
    }.items()
)
FAULTS = (*STRIKES, Fault(STRUCK + timedelta(seconds=5), ("alone-5",), FaultKind.STOPPED_BY_PERSON))
MOMENTS = (1, 2.3, 2.8, 3.3, 4, 7, 12)
"""Minutes since the start: before anything has failed, while checks have yet to find out, and when all is settled."""


def test_both_say_the_same_of_every_instance_at_every_moment() -> None:
    with in_memory(FAULTS) as memory, on_moto(FAULTS) as moto:
        for minutes in MOMENTS:
            for ports in (memory, moto):
                ports.later(minutes - (ports.time.now - ports.start) / timedelta(minutes=1))
            found = differences(_all_said(memory, moto), _all_said(moto, moto))
            assert found == [], f"after {minutes} minutes"


def _all_said(ports: Ports, launched: Ports) -> dict[str, object]:
    """Every answer to every question, of what has been launched: memory keeps a place for what will be."""
    observer, names = ports.observer, sorted(launched.machines)
    asked: dict[str, object] = {
        f"{name} {near}": observer.observe(ports.id_of(name), (), *near)
        for name in names
        for near in ((True, True), (True, False), (False, False))
    }
    suspects = observer.suspects()
    asked |= {f"suspect {ports.names()[each.instance_id]}": each for each in suspects.observations}
    asked |= {"unanswered": suspects.unanswered, "gone": suspects.gone}
    arn = WEB.target_group_arn
    asked |= {"running": observer.running(), "zones": observer.zone_ids(), "serving": observer.serving([arn])}
    asked["unhealthy"] = sorted(ports.names()[i] for i in observer.unhealthy_targets(arn))
    return {question: said(answer, ports) for question, answer in asked.items()}


def test_what_fails_a_check_is_seen_with_its_place_and_the_others(stage: Stage) -> None:
    ports = stage(FAULTS[:1])
    ports.later(4)
    seen = ports.observer.observe(ports.id_of("web-1"), ())

    assert seen.state is InstanceState.RUNNING
    assert seen.checks is not None
    assert (seen.checks.system.status, seen.checks.instance.status) == (CheckStatus.OK, CheckStatus.IMPAIRED)
    (target,) = seen.targets
    assert (target.registration, target.health, target.others_healthy) == (WEB, TargetHealth.UNHEALTHY, 3)
    assert seen.peers is not None
    assert (seen.peers.running, seen.peers.healthy) == (4, 4), "of all that have the service's tags, opted in or not"
    assert seen.membership is not None
    assert (seen.membership.group, seen.membership.in_service) == ("web", 4)


def test_of_what_is_well_neither_peers_nor_others_are_read(stage: Stage) -> None:
    ports = stage()
    seen = ports.observer.observe(ports.id_of("web-1"), ())

    assert (seen.peers, [target.others_healthy for target in seen.targets]) == (None, [None])


def test_what_a_stop_would_destroy_is_read_only_when_a_stop_is_near(stage: Stage) -> None:
    ports = stage([Fault(STRUCK, ("alone-2",), FaultKind.EBS_IMPAIRED)])
    ports.later(1)
    well = ports.observer.observe(ports.id_of("alone-2"), ())
    ports.later(3)
    near = ports.observer.observe(ports.id_of("alone-2"), ())
    far = ports.observer.observe(ports.id_of("alone-2"), (), stop_is_near=False)

    assert [seen.traits.stop_protected for seen in (well, near, far)] == [None, True, None]


def test_what_was_stopped_has_been_started_again_only_when_it_has(stage: Stage) -> None:
    faults = [Fault(STRUCK, ("spare-1",), FaultKind.STOPPED_BY_PERSON)]
    ports = stage([*faults, Fault(timedelta(minutes=8), ("spare-1",), FaultKind.STARTED_BY_PERSON)])
    ports.later(6)
    stopped = ports.observer.observe(ports.id_of("spare-1"), ())
    ports.later(6)
    started = ports.observer.observe(ports.id_of("spare-1"), ())

    assert (stopped.state, stopped.traits.started_again) == (InstanceState.STOPPED, False)
    assert (started.state, started.traits.started_again) == (InstanceState.RUNNING, True)


def test_an_instance_that_ec2_does_not_know_is_seen_as_terminated(stage: Stage) -> None:
    ports = stage()
    seen = ports.observer.observe(NOBODYS, ())

    assert (seen.state, seen.tags, seen.checks) == (InstanceState.TERMINATED, {}, None)


def test_the_sweep_names_whoever_may_be_in_trouble_and_is_opted_in(stage: Stage) -> None:
    ports = stage(FAULTS)
    ports.later(7)
    found = ports.observer.suspects()
    named = {ports.names()[seen.instance_id] for seen in found.observations}

    assert named >= {"pool-1", "pool-2", "pool-3", "alone-1", "alone-2", "alone-4", "alone-5", "host-1", "nobodys-1"}
    assert not named & {"other-1", "alone-3", "pool-4", "web-3"}
    assert (found.unanswered, found.gone) == ({}, {})


def test_who_serves_is_counted_by_zone(stage: Stage) -> None:
    ports = stage([Fault(STRUCK, ("web-3",), FaultKind.ZOMBIE)])
    ports.later(3)

    assert ports.observer.serving([WEB.target_group_arn])[WEB.target_group_arn] == {
        "us-east-1a": Served(2, 2),
        "us-east-1b": Served(1, 1),
        "us-east-1c": Served(1, 0),
    }
    assert list(ports.observer.unhealthy_targets(WEB.target_group_arn)) == [ports.id_of("web-3")]
    assert sum(ports.observer.running().values()) == 18


def test_in_a_target_group_that_is_not_there_nobody_serves(stage: Stage) -> None:
    arn = WEB.target_group_arn

    assert list(stage().observer.serving([NO_GROUP, arn])) == [arn]


def test_to_be_asked_of_a_target_group_that_is_not_there_is_an_error(stage: Stage) -> None:
    with pytest.raises(Rejected) as raised:
        stage().observer.unhealthy_targets(NO_GROUP)

    assert raised.value.code == "TargetGroupNotFound"


@pytest.mark.parametrize(
    ("trouble", "failure", "code"),
    [
        (Trouble.REFUSED, Transient, "ThrottlingException"),
        (Trouble.DENIED, Rejected, "AccessDenied"),
        (Trouble.HANGS, Unanswered, "ReadTimeoutError"),
    ],
)
def test_a_look_that_fails_says_how(stage: Stage, trouble: Trouble, failure: type[CallFailed], code: str) -> None:
    ports = stage(befalls=Befalls(trouble, "ec2.observe"))
    with pytest.raises(CallFailed) as raised:
        ports.observer.observe(ports.id_of("web-1"), ())

    assert (type(raised.value), raised.value.code) == (failure, code)


@pytest.mark.parametrize("trouble", [Trouble.REFUSED, Trouble.DENIED, Trouble.HANGS])
def test_a_sweep_that_is_not_answered_says_so_and_goes_on(stage: Stage, trouble: Trouble) -> None:
    ports = stage(befalls=Befalls(trouble, "ec2.suspects"))

    assert ports.observer.suspects().unanswered
