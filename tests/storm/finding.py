"""How long each failing machine of a storm waits until it is known to fail, told of, and looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from defib.core.stack import Stack
from tests.storm.machines import Machine


@dataclass
class Finding:
    """What became of each machine, from the moment at which it began to fail."""

    began: dict[str, datetime] = field(default_factory=dict)
    found: dict[str, timedelta] = field(default_factory=dict)
    """It is looked at, or the table counts it among those that fail with its zone or wait for their first look."""
    told: dict[str, timedelta] = field(default_factory=dict)
    """The same, and people have been told how many these are."""
    looked: dict[str, timedelta] = field(default_factory=dict)

    def fails(self, machine: Machine, now: datetime) -> None:
        self.began.setdefault(machine.instance_id, now)

    def looks(self, machine: Machine, now: datetime) -> None:
        """Somebody looks at it: what is looked at has a case."""
        for known in (self.found, self.told, self.looked):
            self._note(known, machine.instance_id, now)

    def swept(self, stack: Stack, machines: Mapping[str, Machine], now: datetime) -> None:
        """A sweep is over. A service whose count is too low counts for none of its machines."""
        unseen = [machines[i] for i in self.began if i not in self.looked]
        impaired = {zone.zone: bool(zone.incident) for zone in stack.impaired}
        waiting = stack.crowd.waiting if stack.crowd is not None else {}
        alone = Counter(m.service for m in unseen if m.zone not in impaired)
        for machine in unseen:
            counted = machine.zone in impaired or waiting.get(machine.service, 0) >= alone[machine.service]
            says = impaired.get(machine.zone, stack.crowd is not None and bool(stack.crowd.incident))
            if counted:
                self._note(self.found, machine.instance_id, now)
            if counted and says:
                self._note(self.told, machine.instance_id, now)

    def _note(self, known: dict[str, timedelta], instance_id: str, now: datetime) -> None:
        if instance_id in self.began:
            known.setdefault(instance_id, now - self.began[instance_id])


def longest(waits: Mapping[str, timedelta], of: Mapping[str, object]) -> timedelta | None:
    """The longest wait; None while somebody still waits."""
    return max(waits.values(), default=timedelta(0)) if len(waits) == len(of) else None
