"""The classes of faults that are compared, each as a small scenario of one victim."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sim.faults import EventCode, FaultKind
from sim.scenario import Fault, Fleet, Scenario, TargetGroup
from sim.scenario_value import Trait

START = datetime(2026, 4, 30, 12, 0, tzinfo=UTC)
STRIKE = timedelta(minutes=3)
HORIZON = timedelta(hours=2)
"""How long after its strike a fault is watched: what has not come back by then counts as not healed."""
SHIPPED = ""
"""The policy of defib.toml."""


class Wanted(StrEnum):
    """What a good operator would do about it."""

    HEAL = "heal"
    ASK = "ask"
    """Only what destroys something would help: it is for people to say."""
    LEAVE = "leave alone"


@dataclass(frozen=True, slots=True)
class FaultClass:
    """One class; ``faults`` befall the first instance of ``fleet`` together."""

    name: str
    about: str
    wanted: Wanted
    fleet: Fleet
    faults: tuple[Fault, ...]
    policy: str = SHIPPED
    """A file in scenarios/policies/, without .toml; empty for defib.toml."""
    in_memory: bool = True
    """Whether the in-memory AWS has all that Defib needs to see; where not, only replays count."""

    @property
    def victim(self) -> str:
        return f"{self.fleet.name}-1"

    def scenario(self, seed: int) -> Scenario:
        """The class as a scenario; ``seed`` draws every duration and phase."""
        return Scenario(
            title=self.name,
            story=self.about,
            start=START,
            until=STRIKE + HORIZON,
            fleet=(self.fleet,),
            faults=self.faults,
            target_groups=tuple(g for g in TARGETS if g.name == self.fleet.target_group),
            policy=self.policy,
            seed=seed,
        )


def _targets(name: str) -> TargetGroup:
    return TargetGroup(
        name, timedelta(seconds=10), unhealthy_after=2, healthy_after=3, deregistration_delay=timedelta(seconds=30)
    )


TARGETS = (_targets("web"), _targets("worker"))
WEB = Fleet("web", 3, target_group="web")
WORKER = Fleet("worker", 2)


def _struck(fleet: Fleet, kind: FaultKind, *, after: int = 1, lasts: timedelta | None = None) -> Fault:
    return Fault(STRIKE, (f"{fleet.name}-1",), kind, after=after, lasts=lasts)


def _one(name: str, kind: FaultKind, about: str, fleet: Fleet = WEB, wanted: Wanted = Wanted.HEAL) -> FaultClass:
    return FaultClass(name, about, wanted, fleet, (_struck(fleet, kind),))


_DISKS = Fleet("worker", 2, instance_type="c7gd.2xlarge")
_PUBLIC = Fleet("worker", 2, traits=(Trait.PUBLIC_IP,))
_ALONE = Fleet("worker", 1, target_group="worker")
_RETIRING = Fault(
    STRIKE, ("worker-1",), FaultKind.EVENT_ANNOUNCED, event=EventCode.RETIREMENT, due_in=timedelta(minutes=20)
)


CLASSES: tuple[FaultClass, ...] = (
    _one("zombie", FaultKind.ZOMBIE, "runs, fails its instance check, and only a stop and start helps"),
    _one("hung kernel", FaultKind.HUNG_KERNEL, "fails its instance check; a reboot helps"),
    _one("host fails", FaultKind.SYSTEM_IMPAIRED, "fails its system check; only another host helps"),
    _one("volumes out of reach", FaultKind.EBS_IMPAIRED, "fails its attached-EBS check"),
    FaultClass(
        "application down",
        "answers nothing, and EC2's checks pass",
        Wanted.HEAL,
        WEB,
        (_struck(WEB, FaultKind.APPLICATION_DOWN),),
        policy="pool-at-once",
    ),
    _one("dead on arrival", FaultKind.DEAD_ON_ARRIVAL, "is launched, and never passes a check", WORKER),
    _one("stopped unasked", FaultKind.STOPPED_UNASKED, "is stopped by AWS; nobody asked"),
    FaultClass(
        "stuck stopping",
        "its host fails, and its stop doesn't end unless it is forced",
        Wanted.HEAL,
        WEB,
        (_struck(WEB, FaultKind.SYSTEM_IMPAIRED), _struck(WEB, FaultKind.STUCK_STOPPING)),
    ),
    FaultClass(
        "no capacity",
        "its host fails, and for 15 minutes its zone has no room for its type",
        Wanted.HEAL,
        WEB,
        (
            _struck(WEB, FaultKind.SYSTEM_IMPAIRED),
            _struck(WEB, FaultKind.START_CAPACITY, lasts=timedelta(minutes=15)),
        ),
    ),
    FaultClass(
        "failing key",
        "is stopped by AWS, and for 15 minutes its volumes' key can't be used",
        Wanted.HEAL,
        WEB,
        (_struck(WEB, FaultKind.STOPPED_UNASKED), _struck(WEB, FaultKind.FAILING_KEY, lasts=timedelta(minutes=15))),
    ),
    FaultClass(
        "retirement",
        "its host is to retire in 20 minutes, as AWS announces, and then stops it",
        Wanted.HEAL,
        WORKER,
        (_RETIRING,),
        in_memory=False,
    ),
    _one("local disks", FaultKind.ZOMBIE, "a zombie whose local disks a stop would erase", _DISKS, Wanted.ASK),
    _one(
        "public address",
        FaultKind.SYSTEM_IMPAIRED,
        "its host fails, and a stop would change the public address by which it is known",
        _PUBLIC,
        Wanted.ASK,
    ),
    FaultClass(
        "last healthy target",
        "fails its check for 11 minutes and serves all the while, the only one left",
        Wanted.LEAVE,
        _ALONE,
        (_struck(_ALONE, FaultKind.FAILED_SAMPLE, after=11),),
    ),
    _one("false alarm", FaultKind.FAILED_SAMPLE, "one sample of its check fails; it works", WEB, Wanted.LEAVE),
    _one("stopped by a person", FaultKind.STOPPED_BY_PERSON, "somebody stops it", WEB, Wanted.LEAVE),
)


def class_named(name: str) -> FaultClass:
    """Raises KeyError."""
    return {fault_class.name: fault_class for fault_class in CLASSES}[name]
