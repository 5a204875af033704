"""Ten thousand machines in memory: what EC2 says of each, and what acts do to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from defib.core.case import Action, Attempt, Case
from defib.core.model import Check, Checks, CheckStatus, InstanceState, Observation, Peers, Registration
from defib.core.shift import Served
from defib.core.traits import Traits
from defib.shell.ports import Clock, Suspects, Transient
from tests.storm.buckets import Buckets

STOPS_IN = timedelta(seconds=60)
BOOTS_IN = timedelta(seconds=150)
HARD_STOP = timedelta(seconds=10)
OK, INITIALIZING = Check(CheckStatus.OK), Check(CheckStatus.INITIALIZING)


class Fault(StrEnum):
    """What is wrong with a machine, named for what ends it."""

    REBOOT = "a reboot cures it"
    RESTART = "a stop and start cures it"
    NOTHING = "nothing cures it"
    STOPPED = "it stopped unasked"
    STUCK = "it does not stop unless forced"
    CAPACITY = "its first two starts find no capacity"


@dataclass
class Machine:
    """One instance. Times are virtual."""

    instance_id: str
    service: str
    zone: str
    launched_at: datetime
    fault: Fault | None = None
    sick_since: datetime | None = None
    state: InstanceState = InstanceState.RUNNING
    asked_to_stop: bool = False
    ready_at: datetime | None = None
    refusals: int = 0

    def settle(self, now: datetime) -> None:
        """Let what was under way end."""
        if self.ready_at is None or now < self.ready_at:
            return
        self.ready_at = None
        if self.state is InstanceState.STOPPING:
            self.state = InstanceState.STOPPED
        elif self.fault is not None:
            self.sick_since = now

    def break_down(self, fault: Fault, now: datetime) -> None:
        self.fault, self.sick_since = fault, now
        if fault is Fault.STOPPED:
            self.state = InstanceState.STOPPED

    def recover(self) -> None:
        """Work again by itself."""
        self.fault = self.sick_since = None

    def act(self, action: Action, now: datetime) -> None:
        """Do what EC2 does. Raises Transient where it has no capacity."""
        match action:
            case Action.REBOOT:
                if self.fault is Fault.REBOOT:
                    self.fault = self.sick_since = None
            case Action.STOP | Action.FORCE_STOP:
                stuck = self.fault is Fault.STUCK and action is Action.STOP
                self.state, self.asked_to_stop = InstanceState.STOPPING, True
                takes = HARD_STOP if action is Action.FORCE_STOP else STOPS_IN
                self.ready_at = None if stuck else now + takes
            case Action.START:
                if self.fault is Fault.CAPACITY and self.refusals < 2:
                    self.refusals += 1
                    raise Transient("Insufficient capacity.", "InsufficientInstanceCapacity")
                if self.fault is not Fault.NOTHING:
                    self.fault = self.sick_since = None
                self.state, self.asked_to_stop = InstanceState.RUNNING, False
                self.launched_at, self.ready_at = now, now + BOOTS_IN
            case _:
                raise AssertionError(f"no machine of the storm can {action.value}")

    def seen(self, now: datetime, peers: Peers) -> Observation:
        """What EC2 says of it."""
        self.settle(now)
        return Observation(
            instance_id=self.instance_id,
            observed_at=now,
            state=self.state,
            launched_at=self.launched_at,
            tags={"service": self.service, "self-heal": "true"},
            zone=self.zone,
            state_reason_code=self._reason(),
            checks=self._checks() if self.state is InstanceState.RUNNING else None,
            peers=peers,
            traits=Traits(instance_store=False, stop_protected=False),
        )

    def _reason(self) -> str:
        if self.state is InstanceState.RUNNING:
            return ""
        return "Client.UserInitiatedShutdown" if self.asked_to_stop else "Server.InternalError"

    def _checks(self) -> Checks:
        if self.ready_at is not None:
            return Checks(INITIALIZING, INITIALIZING)
        return Checks(OK, Check(CheckStatus.IMPAIRED, self.sick_since) if self.fault is not None else OK)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of some machines don't run, and how many run and are not well."""

    down: int
    unfit: int

    @classmethod
    def of(cls, machines: Sequence[Machine]) -> Tally:
        running = [m for m in machines if m.state is InstanceState.RUNNING]
        unfit = sum(1 for m in running if m.fault is not None or m.ready_at)
        return cls(len(machines) - len(running), unfit)

    def less(self, other: Tally) -> Tally:
        return Tally(self.down - other.down, self.unfit - other.unfit)


class Ec2:
    """Observer and actor over all machines, within EC2's token buckets."""

    def __init__(
        self,
        machines: dict[str, Machine],
        clock: Clock,
        buckets: Buckets,
        looks: Callable[[Machine, datetime], None] = lambda *_: None,
    ) -> None:
        self.machines = machines
        self._looks = looks
        self._clock = clock
        self._buckets = buckets
        self.members: dict[str, list[Machine]] = {}
        for machine in machines.values():
            self.members.setdefault(machine.service, []).append(machine)
        self.troubled: dict[str, list[Machine]] = {service: [] for service in self.members}
        """The machines that have ever broken down: no other can differ from a healthy one."""
        self._in_zones = Counter(m.zone for m in machines.values())

    def observe(
        self,
        instance_id: str,
        registrations: Sequence[Registration],
        act_is_near: bool = False,
        stop_is_near: bool = False,
        silenced: bool = False,
    ) -> Observation:
        del registrations, act_is_near, stop_is_near, silenced
        self._buckets.take("DescribeInstances", Filters=[instance_id])
        self._buckets.take("DescribeInstanceStatus", InstanceIds=[instance_id])
        self._looks(self.machines[instance_id], self._clock.now())
        machine = self.machines[instance_id]
        return self._seen(machine, Tally.of(self.troubled[machine.service]))

    def suspects(self) -> Suspects:
        """The sweep's filtered questions; they are few and have a bucket of their own."""
        now = self._clock.now()
        troubled = [m for members in self.troubled.values() for m in members]
        for machine in troubled:
            machine.settle(now)
        failing = [m for m in troubled if m.fault is not None or m.state is not InstanceState.RUNNING]
        # Counted once for each service: EC2 counts nothing for each that fails, either.
        tallies = {service: Tally.of(members) for service, members in self.troubled.items() if members}
        return Suspects(tuple(self._seen(m, tallies[m.service]) for m in failing), {})

    def running(self) -> Mapping[str, int]:
        """How many run in each zone."""
        troubled = (m for members in self.troubled.values() for m in members)
        return self._in_zones - Counter(m.zone for m in troubled if m.state is not InstanceState.RUNNING)

    def zone_ids(self) -> Mapping[str, str]:
        return {}

    def serving(self, target_group_arns: Sequence[str]) -> Mapping[str, Mapping[str, Served]]:
        return {arn: {} for arn in target_group_arns}

    def unhealthy_targets(self, _target_group_arn: str) -> Sequence[str]:
        return ()

    def perform(self, attempt: Attempt, case: Case, _observation: Observation) -> str:
        if attempt.action is Action.EVIDENCE:
            return f"s3://evidence/{case.service}/{case.id}/"
        calls = {Action.REBOOT: "RebootInstances", Action.START: "StartInstances"}
        self._buckets.take(calls.get(attempt.action, "StopInstances"), InstanceIds=[case.instance_id])
        self.machines[case.instance_id].act(attempt.action, self._clock.now())
        return ""

    def _seen(self, machine: Machine, others: Tally) -> Observation:
        others = others.less(Tally.of([machine]))
        running = len(self.members[machine.service]) - 1 - others.down
        return machine.seen(self._clock.now(), Peers(running=running, healthy=running - others.unfit))
