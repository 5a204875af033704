"""What Defib's acts do, and how they are refused, by the ports in memory as by the deployed edges on moto."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from defib.core.case import Action, Attempt
from defib.core.model import CheckStatus, InstanceState, Registration, TargetHealth
from defib.shell.ports import CallFailed, Rejected, Transient, Unanswered
from sim.faults import FaultKind
from sim.fuzz.trouble import Trouble
from sim.scenario import Fault
from tests.aws.cases import NOON, a_case
from tests.contract.ports import Befalls, Ports

Stage = Callable[..., Ports]

NOBODYS = "i-0123456789abcdef0"
WEB = Registration("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/6d0ecf831eec9f09", 80)
AT_ONCE = timedelta(0)
SETTLED = 6
"""Minutes after which whatever was begun is over."""


def act(ports: Ports, name: str, action: Action, to: str = "") -> str:
    """Do it, as the function that acts does: by what the case remembers, and what is seen just before."""
    instance_id = ports.id_of(name) if name in ports.machines else NOBODYS
    seen = ports.observer.observe(instance_id, ())
    case = a_case(instance_id, registrations=(WEB,) if name.startswith("web") else (), group=seen.group)
    return ports.actor.perform(Attempt(1, action, "its turn", NOON, to=to), case, seen)


def state(ports: Ports, name: str) -> InstanceState:
    return ports.observer.observe(ports.id_of(name), ()).state


def health(ports: Ports, name: str = "web-1") -> list[tuple[TargetHealth, str]]:
    seen = ports.observer.observe(ports.id_of(name), (WEB,))
    return [(target.health, target.reason) for target in seen.targets]


def place(ports: Ports, name: str = "web-1") -> str:
    """Where its Auto Scaling group has it."""
    membership = ports.observer.observe(ports.id_of(name), ()).membership
    return membership.lifecycle if membership is not None else ""


@pytest.mark.parametrize("action", [Action.STOP, Action.FORCE_STOP, Action.SKIP_OS_SHUTDOWN])
def test_a_stop_is_shown_as_asked_for_and_a_start_ends_it(stage: Stage, action: Action) -> None:
    ports = stage()
    told = act(ports, "spare-1", action)
    ports.later(SETTLED)
    stopped = ports.observer.observe(ports.id_of("spare-1"), ())
    assert act(ports, "spare-1", Action.START) == "EC2 answers pending"
    ports.later(SETTLED)

    assert told == "EC2 answers stopping"
    assert (stopped.state, stopped.state_reason_code) == (InstanceState.STOPPED, "Client.UserInitiatedShutdown")
    assert stopped.transition_reason == "User initiated (2026-04-30 12:00:00 GMT)"
    assert state(ports, "spare-1") is InstanceState.RUNNING


def test_a_second_stop_and_a_second_start_change_nothing(stage: Stage) -> None:
    ports = stage()
    for action in (Action.STOP, Action.START):
        act(ports, "spare-1", action)
        ports.later(SETTLED)
        before = state(ports, "spare-1")
        act(ports, "spare-1", action)
        assert state(ports, "spare-1") is before


def test_a_stop_that_does_not_end_is_ended_by_force(stage: Stage) -> None:
    ports = stage([Fault(AT_ONCE, ("spare-1",), FaultKind.STUCK_STOPPING)])
    ports.later(1)
    act(ports, "spare-1", Action.STOP)
    ports.later(SETTLED)
    assert state(ports, "spare-1") is InstanceState.STOPPING
    act(ports, "spare-1", Action.FORCE_STOP)
    ports.later(SETTLED)

    assert state(ports, "spare-1") is InstanceState.STOPPED


def test_a_reboot_cures_a_kernel_that_hangs(stage: Stage) -> None:
    ports = stage([Fault(AT_ONCE, ("spare-1",), FaultKind.HUNG_KERNEL)])
    ports.later(2)
    before = ports.observer.observe(ports.id_of("spare-1"), ()).checks
    assert act(ports, "spare-1", Action.REBOOT) == ""
    ports.later(SETTLED)
    after = ports.observer.observe(ports.id_of("spare-1"), ()).checks

    assert before is not None
    assert before.instance.status is CheckStatus.IMPAIRED
    assert after is not None
    assert after.instance.status is CheckStatus.OK


def test_a_load_balancer_sees_a_reboot(stage: Stage) -> None:
    ports = stage()
    act(ports, "web-1", Action.REBOOT)
    ports.later(0.7)
    during = health(ports)
    ports.later(SETTLED)

    assert (during, health(ports)) == ([(TargetHealth.UNHEALTHY, "Target.Timeout")], [(TargetHealth.HEALTHY, "")])


def test_a_drain_takes_it_out_for_good_and_a_restore_puts_it_back(stage: Stage) -> None:
    ports = stage([Fault(AT_ONCE, ("web-1",), FaultKind.EBS_IMPAIRED)])
    ports.later(2)
    assert act(ports, "web-1", Action.DRAIN) == "out of web:80"
    draining = health(ports)
    assert act(ports, "web-1", Action.DRAIN) == "nothing to drain"
    ports.later(SETTLED)
    drained = health(ports)
    assert act(ports, "web-1", Action.RESTORE) == "back in web:80"
    back = health(ports)

    assert draining == [(TargetHealth.DRAINING, "Target.DeregistrationInProgress")]
    assert drained == [(TargetHealth.UNUSED, "Target.NotRegistered")]
    assert back == [(TargetHealth.INITIAL, "Elb.RegistrationInProgress")]


def test_what_is_registered_stays_as_healthy_as_it_is(stage: Stage) -> None:
    ports = stage()
    act(ports, "web-1", Action.RESTORE)

    assert health(ports) == [(TargetHealth.HEALTHY, "")]


def test_what_is_restored_is_healthy_after_its_first_passed_check(stage: Stage) -> None:
    ports = stage([Fault(AT_ONCE, ("web-1",), FaultKind.EBS_IMPAIRED, lasts=timedelta(minutes=5))])
    ports.later(2)
    act(ports, "web-1", Action.DRAIN)
    ports.later(SETTLED)
    act(ports, "web-1", Action.RESTORE)
    ports.later(0.2)

    assert health(ports) == [(TargetHealth.HEALTHY, "")]


def test_the_last_that_serves_is_not_drained(stage: Stage) -> None:
    others = tuple(f"web-{n}" for n in (2, 3, 4))
    ports = stage(
        [Fault(AT_ONCE, ("web-1",), FaultKind.FAILED_SAMPLE, after=9), Fault(AT_ONCE, others, FaultKind.ZOMBIE)]
    )
    ports.later(2)

    assert act(ports, "web-1", Action.DRAIN) == "nothing to drain"
    assert health(ports) == [(TargetHealth.HEALTHY, "")]


def test_a_stopped_instance_can_have_another_type_of_its_own_architecture(stage: Stage) -> None:
    ports = stage()
    act(ports, "spare-1", Action.STOP)
    ports.later(SETTLED)
    told = act(ports, "spare-1", Action.RESIZE, "c7g.xlarge")

    assert told == "c7g.xlarge instead of m7g.large"
    assert ports.observer.observe(ports.id_of("spare-1"), ()).instance_type == "c7g.xlarge"


def test_standby_takes_a_member_out_of_service_and_ends(stage: Stage) -> None:
    ports = stage()
    assert act(ports, "web-1", Action.ENTER_STANDBY) == "on its way to Standby in web"
    ports.later(SETTLED)
    away = place(ports), health(ports)
    assert act(ports, "web-1", Action.EXIT_STANDBY) == "on its way back into service in web"
    ports.later(SETTLED)

    assert away == ("Standby", [(TargetHealth.UNUSED, "Target.NotRegistered")])
    assert (place(ports), health(ports)) == ("InService", [(TargetHealth.HEALTHY, "")])


def test_a_group_replaces_what_is_called_unhealthy(stage: Stage) -> None:
    ports = stage()
    act(ports, "web-1", Action.REPLACE)
    ports.later(SETTLED)

    assert state(ports, "web-1") is InstanceState.TERMINATED
    assert state(ports, "web-5") is InstanceState.RUNNING


def test_a_suppressed_check_counts_for_nothing_and_is_seen_beneath(stage: Stage) -> None:
    ports = stage([Fault(AT_ONCE, ("pool-1",), FaultKind.APPLICATION_DOWN)])
    ports.later(3)
    act(ports, "pool-1", Action.SUPPRESS_CHECK)
    silenced = ports.observer.observe(ports.id_of("pool-1"), (), silenced=True).checks
    act(ports, "pool-1", Action.RESUME_CHECK)
    after = ports.observer.observe(ports.id_of("pool-1"), ()).checks

    assert silenced is not None
    assert after is not None
    assert (silenced.application.status, silenced.beneath.status) == (CheckStatus.SUPPRESSED, CheckStatus.IMPAIRED)
    assert after.application.status is CheckStatus.IMPAIRED


@pytest.mark.parametrize(
    ("name", "before", "action", "failure", "code"),
    [
        ("nobody", None, Action.REBOOT, Rejected, "InvalidInstanceID.NotFound"),
        ("nobody", None, Action.STOP, Rejected, "InvalidInstanceID.NotFound"),
        ("nobody", None, Action.START, Rejected, "InvalidInstanceID.NotFound"),
        ("alone-1", None, Action.STOP, Rejected, "OperationNotPermitted"),
        ("spare-1", None, Action.RESIZE, Transient, "IncorrectInstanceState"),
        ("spare-1", Action.STOP, Action.REBOOT, Transient, "IncorrectInstanceState"),
        ("spare-1", Action.STOP, Action.START, Transient, "IncorrectInstanceState"),
        ("web-1", Action.REPLACE, Action.START, Transient, "IncorrectInstanceState"),
        ("web-1", Action.STOP, Action.RESTORE, Rejected, "InvalidTarget"),
        ("web-1", Action.ENTER_STANDBY, Action.ENTER_STANDBY, Transient, "ValidationError"),
    ],
)
def test_what_can_not_be_done_is_refused(
    stage: Stage, name: str, before: Action | None, action: Action, failure: type[CallFailed], code: str
) -> None:
    ports = stage()
    if before is not None:
        act(ports, name, before)
        ports.later(0.7)
    with pytest.raises(CallFailed) as raised:
        act(ports, name, action, "c7g.xlarge")

    assert (type(raised.value), raised.value.code) == (failure, code)


def test_another_architecture_is_refused_before_the_state_is_asked_for(stage: Stage) -> None:
    ports = stage()
    with pytest.raises(Rejected) as raised:
        act(ports, "spare-1", Action.RESIZE, "m7i.large")

    assert raised.value.code == "ArchitectureMismatch"


def test_a_start_for_which_there_is_no_room_may_be_tried_again(stage: Stage) -> None:
    ports = stage([Fault(AT_ONCE, ("spare-1",), FaultKind.START_CAPACITY, after=2)])
    ports.later(1)
    act(ports, "spare-1", Action.STOP)
    ports.later(SETTLED)
    codes = []
    for _ in range(2):
        with pytest.raises(Transient) as raised:
            act(ports, "spare-1", Action.START)
        codes.append((type(raised.value), raised.value.code))
    act(ports, "spare-1", Action.START)

    assert codes == [(Transient, "InsufficientInstanceCapacity")] * 2


@pytest.mark.parametrize(
    ("trouble", "failure", "code"),
    [
        (Trouble.REFUSED, Transient, "ThrottlingException"),
        (Trouble.DENIED, Rejected, "AccessDenied"),
        (Trouble.HANGS, Unanswered, "ReadTimeoutError"),
    ],
)
def test_an_act_that_fails_says_how_and_was_not_done(
    stage: Stage, trouble: Trouble, failure: type[CallFailed], code: str
) -> None:
    ports = stage(befalls=Befalls(trouble, "ec2.perform"))
    with pytest.raises(CallFailed) as raised:
        act(ports, "spare-1", Action.STOP)
    ports.later(SETTLED)

    assert (type(raised.value), raised.value.code) == (failure, code)
    assert state(ports, "spare-1") is InstanceState.RUNNING
