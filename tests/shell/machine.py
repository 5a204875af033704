"""A machine in memory that the real shell and core heal: one instance, its load balancer, and time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from defib.core.case import Action, Attempt, Case
from defib.core.incident import Notice
from defib.core.model import (
    Check,
    Checks,
    CheckStatus,
    Event,
    InstanceState,
    Observation,
    Peers,
    Registration,
    Signal,
    Source,
    Target,
    TargetHealth,
)
from defib.core.policy import Policy
from defib.shell.perform import Performing, perform
from defib.shell.reconcile import Reconciling, reconcile
from tests.core.facts import HARMLESS
from tests.fakes import FakeActor, FakeClock, FakeJournal, FakeObserver, FakeQueues, FakeStore, FakeSwitch

INSTANCE = "i-0aa1"


class ProcessDied(BaseException):
    """The Lambda was killed where it stood."""


TICK = timedelta(seconds=5)
GROUP = Registration("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef", 80)


@dataclass
class Machine:
    """``cures`` are the actions that mend the fault; time passes in ticks of five seconds."""

    policy: Policy
    cures: frozenset[Action] = frozenset({Action.START})
    stop_takes: timedelta = timedelta(seconds=60)
    force_stop_takes: timedelta = TICK
    boot_takes: timedelta = timedelta(seconds=120)
    behind_load_balancer: bool = True
    sick: bool = False
    events: tuple[Event, ...] = ()
    """What AWS has announced; a start moves it to another host, and away from them, unless ``events_stay``."""
    events_stay: bool = False
    clock: FakeClock = field(default_factory=FakeClock)
    state: InstanceState = InstanceState.RUNNING
    tags: dict[str, str] = field(default_factory=lambda: {"Name": "web-2", "service": "web", "self-heal": "true"})
    instance_type: str = "m7g.large"
    peers: Peers = field(default_factory=lambda: Peers(running=2, healthy=2))
    fault: Callable[[Action], None] | None = None
    """Called before each act."""
    aftermath: Callable[[Action], None] | None = None
    """Called after each act has taken effect, before its result is known."""

    def __post_init__(self) -> None:
        self.store, self.queues, self.journal = FakeStore(), FakeQueues(), FakeJournal()
        self.actor, self.switch = FakeActor(), FakeSwitch()
        self.observer = FakeObserver(self.clock)
        self.launched_at = self.clock.now() - timedelta(days=30)
        self.failing_since: datetime | None = None
        self.changes_at: datetime | None = None
        self.registered = self.behind_load_balancer
        self.acts: list[Action] = []

    def break_down(self) -> None:
        self.sick = True
        self.failing_since = self.clock.now()

    def look(self, source: Source = Source.SWEEP) -> None:
        """One signal, and whatever follows of it at once."""
        self.observe()
        edges = Reconciling(self.clock, self.observer, self.store, self.queues, self.journal, self.switch)
        reconcile(Signal(source, INSTANCE, self.clock.now(), "looking"), edges, self.policy)
        self.work()

    def work(self, until: Action | None = None) -> None:
        """Carry out orders and take in results until nothing is left to do now, or an order for ``until`` comes."""
        performing = Performing(
            self.clock, self.observer, self.store, _Hands(self), self.queues, self.journal, self.switch
        )
        reconciling = Reconciling(self.clock, self.observer, self.store, self.queues, self.journal, self.switch)
        while self.queues.orders or self.queues.signals:
            while self.queues.orders:
                if self.queues.orders[0].action is until:
                    return
                # A process that dies leaves its order to be delivered again; here it just ends.
                with suppress(ProcessDied):
                    perform(self.queues.orders.pop(0), performing, self.policy)
                self.observe()
            while self.queues.signals:
                reconcile(self.queues.signals.pop(0), reconciling, self.policy)

    def run(self, limit: timedelta = timedelta(hours=2)) -> Case:
        """Let time pass, waking Defib when it asked to be woken, until the case is closed or ``limit`` is over."""
        end = self.clock.now() + limit
        while self.clock.now() < end:
            self.tick(TICK)
            case = self.case
            if case is not None and case.closed_at is not None:
                return case
        assert self.case is not None
        return self.case

    def tick(self, span: timedelta) -> None:
        """Let so much time pass, and wake Defib if it has asked for that."""
        self.clock.advance(span)
        self._live()
        due = [w for w, _ in self.queues.wakes if w.at <= self.clock.now()]
        if due:
            self.queues.wakes = [(w, n) for w, n in self.queues.wakes if w.at > self.clock.now()]
            self.look(Source.WAKE)

    @property
    def case(self) -> Case | None:
        return self.store.latest_case(INSTANCE)

    @property
    def notices(self) -> list[Notice]:
        return list(self.store.notices.values())

    def observe(self) -> None:
        """Let the observer see the machine as it is."""
        self.observer.observations[INSTANCE] = Observation(
            instance_id=INSTANCE,
            observed_at=self.clock.now(),
            state=self.state,
            launched_at=self.launched_at,
            tags=self.tags,
            zone="us-east-1b",
            instance_type=self.instance_type,
            checks=self._checks() if self.state is InstanceState.RUNNING else None,
            targets=(Target(GROUP, self._target()),) if self.behind_load_balancer else (),
            peers=self.peers,
            traits=HARMLESS,
            state_reason_code="Client.UserInitiatedShutdown" if self.state is InstanceState.STOPPED else "",
        )

    def _checks(self) -> Checks:
        ok = Check(CheckStatus.OK)
        if self.changes_at is not None:
            return Checks(Check(CheckStatus.INITIALIZING), Check(CheckStatus.INITIALIZING))
        failing = Check(CheckStatus.IMPAIRED, self.failing_since)
        return Checks(ok, failing if self.sick else ok, events=self.events)

    def _target(self) -> TargetHealth:
        if not self.registered or self.state is not InstanceState.RUNNING:
            return TargetHealth.UNUSED
        return TargetHealth.UNHEALTHY if self.sick or self.changes_at is not None else TargetHealth.HEALTHY

    def _live(self) -> None:
        if self.changes_at is None or self.clock.now() < self.changes_at:
            return
        self.changes_at = None
        if self.state is InstanceState.STOPPING:
            self.state = InstanceState.STOPPED
        elif self.state is InstanceState.RUNNING and self.sick:
            self.failing_since = self.clock.now()


@dataclass
class _Hands:
    """The actor: does to the machine what the shell orders."""

    machine: Machine

    def perform(self, attempt: Attempt, case: Case, observation: Observation) -> str:
        machine, action = self.machine, attempt.action
        if machine.fault is not None:
            machine.fault(action)
        machine.acts.append(action)
        if action in machine.cures:
            machine.sick = False
        now = machine.clock.now()
        match action:
            case Action.STOP | Action.FORCE_STOP | Action.SKIP_OS_SHUTDOWN:
                takes = {Action.STOP: machine.stop_takes, Action.FORCE_STOP: machine.force_stop_takes}
                machine.state = InstanceState.STOPPING
                machine.changes_at = now + takes.get(action, TICK)
            case Action.RESIZE:
                machine.instance_type = attempt.to
            case Action.START:
                machine.state, machine.launched_at = InstanceState.RUNNING, now
                machine.changes_at = now + machine.boot_takes
                machine.events = machine.events if machine.events_stay else ()
            case Action.DRAIN | Action.RESTORE:
                machine.registered = action is Action.RESTORE
            case Action.REBOOT | Action.EVIDENCE:
                pass
            case _:
                raise AssertionError(f"no machine of these tests can {action.value}")
        if machine.aftermath is not None:
            machine.aftermath(action)
        return "s3://evidence/web" if action is Action.EVIDENCE else ""


@dataclass
class Failing:
    """A fault that makes the next ``times`` tries at ``action`` fail."""

    action: Action
    error: BaseException
    times: int

    def __call__(self, asked: Action) -> None:
        if asked is self.action and self.times > 0:
            self.times -= 1
            raise self.error


def healing(policy: Policy, **service: object) -> Policy:
    """The policy with its first service changed."""
    first = replace(policy.services[0], **service)  # type: ignore[arg-type]  # keyword arguments of one known dataclass
    return replace(policy, services=(first, *policy.services[1:]))


def broken(limits: Policy, **facts: object) -> Machine:
    """One that has failed for long enough, and has been looked at."""
    machine = Machine(limits, **facts)  # type: ignore[arg-type]  # keyword arguments of one known dataclass
    machine.break_down()
    machine.clock.advance(timedelta(seconds=20))
    machine.look()
    return machine
