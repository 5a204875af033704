"""A storm: many machines of a large fleet fail at once, and the real shell and core heal them on virtual time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from defib.core.case import Attempt, Case
from defib.core.effect import Perform
from defib.core.guards.question import TAKES_AWAY
from defib.core.model import Observation, Signal
from defib.core.policy import Limits, Mode, Policy, Repair, Service, Tag
from defib.shell.perform import Performing, perform
from defib.shell.reconcile import Reconciling, reconcile
from defib.shell.sweep import Sweeping, sweep
from tests.fakes import FakeClock, FakeJournal, FakeStore, FakeSwitch
from tests.storm.buckets import Buckets
from tests.storm.finding import Finding
from tests.storm.lanes import Calendar, Lanes, Message
from tests.storm.machines import Ec2, Fault, Machine

ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
SERVICES = 20
REPAIRS = 5
STORM_LASTS = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)
MIX = {Fault.RESTART: 40, Fault.REBOOT: 30, Fault.STOPPED: 15, Fault.STUCK: 5, Fault.CAPACITY: 5, Fault.NOTHING: 5}
"""Of a hundred failing machines."""


def storm_policy(members: int) -> Policy:
    """Twenty services, five repairs at a time in each, and half of each healthy."""
    services = tuple(
        Service(f"s{n}", {"service": (f"s{n}",)}, Mode.HEAL, minimum_healthy=members // 2, concurrent_repairs=REPAIRS)
        for n in range(SERVICES)
    )
    limits, repair = Limits(share=100, rate=1000), Repair(case_age=timedelta(hours=4))
    return Policy(Tag("self-heal", "true"), services, limits=limits, repair=repair)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One machine breaks down, and perhaps recovers by itself."""

    instance_id: str
    fault: Fault
    after: timedelta
    lasts: timedelta | None = None


def mixed(failing: int, within: timedelta = STORM_LASTS) -> Callable[[Sequence[Machine], Random], Iterator[Breakdown]]:
    """So many machines anywhere, each in its own way."""

    def plan(machines: Sequence[Machine], random: Random) -> Iterator[Breakdown]:
        for machine in random.sample(machines, failing):
            fault = random.choices(list(MIX), list(MIX.values()))[0]
            yield Breakdown(machine.instance_id, fault, within * random.random())

    return plan


def zone_loss(lasts: timedelta) -> Callable[[Sequence[Machine], Random], Iterator[Breakdown]]:
    """Every machine of one zone at once, until the zone recovers."""

    def plan(machines: Sequence[Machine], _random: Random) -> Iterator[Breakdown]:
        lost = (machine for machine in machines if machine.zone == ZONES[-1])
        yield from (Breakdown(machine.instance_id, Fault.NOTHING, MINUTE, lasts) for machine in lost)

    return plan


class Storm:
    """A fleet to which ``plan`` happens."""

    def __init__(
        self,
        instances: int,
        plan: Callable[[Sequence[Machine], Random], Iterator[Breakdown]],
        seed: int,
        timer: Callable[[], float] = lambda: 0.0,
        greed: int = 0,
    ) -> None:
        self.clock = FakeClock()
        self.policy = storm_policy(instances // SERVICES)
        self.buckets = Buckets(self.clock, greed)
        self.machines = {machine.instance_id: machine for machine in self._fleet(instances)}
        self.store = FakeStore()
        self.acts: Counter[str] = Counter()
        self.most_at_once = 0
        self.sweeps: list[float] = []
        """How long each took by ``timer``, in seconds."""
        self._timer = timer
        self.broken: list[str] = []
        """What an invariant says was wrong."""
        self._began = self.clock.now()
        self._calendar = Calendar(self.clock)
        self.finding = Finding()
        self._ec2 = Ec2(self.machines, self.clock, self.buckets, self.finding.looks)
        self.lanes = Lanes(self._calendar, self.store)
        self._wire()
        breakdowns = list(plan(list(self.machines.values()), Random(seed)))
        self.failing = [breakdown.instance_id for breakdown in breakdowns]
        self._over_at = self._began + max((b.after + (b.lasts or MINUTE) for b in breakdowns), default=MINUTE)
        for breakdown in breakdowns:
            self._break(breakdown)
        self._calendar.after(timedelta(0), self._sweep)

    def run(self, limit: timedelta) -> timedelta:
        """Until every failing machine is healed or handed over, or for so long; returns when the last of them was."""
        while self.clock.now() < self._began + limit and self._calendar.next():
            pass
        ends = [case.closed_at or case.handed_over_at for case in map(self.store.latest_case, self.failing) if case]
        return max((end for end in ends if end is not None), default=self.clock.now()) - self._began

    def outcomes(self) -> Counter[str]:
        """How the cases of the failing machines ended."""
        return Counter(_outcome(self.store.latest_case(instance_id)) for instance_id in self.failing)

    def perform(self, attempt: Attempt, case: Case, observation: Observation) -> str:
        """The actor: acts, and holds every act against the limits."""
        self.acts[attempt.action.value] += 1
        machine = self.machines[case.instance_id]
        if machine.fault is None and not machine.asked_to_stop:
            self.broken.append(f"{attempt.action} on {case.instance_id}, with which nothing is wrong")
        under_repair = {c.id for c in (case, *self._open(case.service)) if _takes_away(c) and not c.held_by}
        self.most_at_once = max(self.most_at_once, len(under_repair))
        if len(under_repair) > REPAIRS:
            self.broken.append(f"{len(under_repair)} repairs of {case.service} at once")
        return self._ec2.perform(attempt, case, observation)

    def _open(self, service: str) -> list[Case]:
        newest = (self.store.latest_case(machine.instance_id) for machine in self._ec2.troubled[service])
        return [c for c in newest if c is not None and c.closed_at is None and c.handed_over_at is None]

    def _fleet(self, instances: int) -> list[Machine]:
        launched = self.clock.now() - timedelta(days=30)
        return [Machine(f"i-{n:08x}", f"s{n % SERVICES}", ZONES[n % len(ZONES)], launched) for n in range(instances)]

    def _wire(self) -> None:
        journal, switch = FakeJournal(), FakeSwitch()
        looking = Reconciling(self.clock, self._ec2, self.store, self.lanes, journal, switch)
        acting = Performing(self.clock, self._ec2, self.store, self, self.lanes, journal, switch)
        proving = Performing(self.clock, self._ec2, self.store, self._ec2, self.lanes, journal, None)
        self._sweeping = Sweeping(self.clock, self._ec2, self.store, self.lanes)

        def diagnose(message: Message) -> None:
            assert isinstance(message, Signal)
            reconcile(message, looking, self.policy)

        def remediate(message: Message) -> None:
            assert isinstance(message, Perform)
            perform(message, acting, self.policy)

        def evidence(message: Message) -> None:
            assert isinstance(message, Perform)
            perform(message, proving, self.policy)

        self.lanes.run("diagnose", diagnose)
        self.lanes.run("remediate", remediate)
        self.lanes.run("evidence", evidence)

    def _break(self, breakdown: Breakdown) -> None:
        machine = self.machines[breakdown.instance_id]

        def begin() -> None:
            machine.break_down(breakdown.fault, self.clock.now())
            self._ec2.troubled[machine.service].append(machine)
            self.finding.fails(machine, self.clock.now())

        self._calendar.after(breakdown.after, begin)
        if breakdown.lasts is not None:
            self._calendar.after(breakdown.after + breakdown.lasts, machine.recover)

    def _sweep(self) -> None:
        began = self._timer()
        sweep(self._sweeping, self.policy)
        self.sweeps.append(self._timer() - began)
        self.finding.swept(self.store.whole, self.machines, self.clock.now())
        if self.clock.now() <= self._over_at + 2 * MINUTE or any(
            _outcome(self.store.latest_case(i)) == "open" for i in self.failing
        ):
            self._calendar.after(MINUTE, self._sweep)


def _takes_away(case: Case) -> bool:
    """Whether Defib has begun to take from the service what the instance may still give: a mere start gives."""
    return any(a.action in TAKES_AWAY and a.claimed_at is not None for a in case.attempts)


def _outcome(case: Case | None) -> str:
    if case is None:
        return "never seen"
    if case.outcome is not None:
        return case.outcome.value
    return "handed_over" if case.handed_over_at is not None else "open"
