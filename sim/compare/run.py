"""Every agent through every class with every seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sim.compare import defib
from sim.compare.fault_class import CLASSES, FaultClass
from sim.compare.rivals.auto_recovery import AutomaticRecovery
from sim.compare.rivals.cloudwatch import CloudWatch
from sim.compare.rivals.custodian import Ask, Custodian
from sim.compare.rivals.floor import Floor
from sim.compare.rivals.karpenter import Karpenter
from sim.compare.rivals.person import Person
from sim.compare.rivals.rival import Rival
from sim.compare.rivals.scaling_group import ScalingGroup
from sim.compare.stage import Stage
from sim.compare.trial import Row, Trial, summed

Tell = Callable[[str], None]


def rivals(ask: Ask) -> tuple[Rival, ...]:
    """All alternatives, and the floor as the last; ``ask`` is Cloud Custodian."""
    return (CloudWatch(), AutomaticRecovery(), ScalingGroup(), Karpenter(), Custodian(ask), Person(), Floor())


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that one run found."""

    seeds: int
    replays: int
    rows: tuple[Row, ...]
    calls: Calls | None = None

    def row(self, agent: str, fault_class: str) -> Row | None:
        return next((r for r in self.rows if (r.agent, r.fault_class) == (agent, fault_class)), None)


@dataclass(frozen=True, slots=True)
class Calls:
    """AWS API calls of Defib's functions, counted in replays at the boto3 boundary."""

    idle_minutes: int
    idle: dict[str, int] = field(default_factory=dict)
    """In all these minutes, by ``service:Operation``."""
    heal: dict[str, int] = field(default_factory=dict)
    """What one heal adds to as many idle minutes."""


def compare(
    seeds: int,
    replays: int,
    ask: Ask,
    classes: Sequence[FaultClass] = CLASSES,
    policy: Path | None = None,
    tell: Tell = print,
) -> Comparison:
    """``seeds`` trials of each class by each agent in memory, and ``replays`` of Defib's on moto.

    ``policy`` is another for Defib than each class's own. Raises OSError and PolicyError for one that won't do.
    """
    rows: list[Row] = []
    for fault_class in classes:
        tell(fault_class.name)
        rows += _modelled(fault_class, seeds, ask)
        rows += _defibs(fault_class, seeds, replays, policy)
    return Comparison(seeds, replays, tuple(rows))


def _modelled(fault_class: FaultClass, seeds: int, ask: Ask) -> Iterable[Row]:
    for rival in rivals(ask):
        yield summed([one(rival, fault_class, seed) for seed in range(seeds)])


def one(rival: Rival, fault_class: FaultClass, seed: int) -> Trial:
    """One trial of a rival."""
    stage = Stage(fault_class, seed)
    rival.watch(stage)
    return stage.run(rival.name)


def _defibs(fault_class: FaultClass, seeds: int, replays: int, policy: Path | None) -> Iterable[Row]:
    if fault_class.in_memory:
        yield summed([defib.in_memory(fault_class, seed, policy) for seed in range(seeds)])
    if replays:
        yield summed([defib.replayed(fault_class, seed, policy)[0] for seed in range(replays)])
