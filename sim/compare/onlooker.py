"""Watches the truth from outside, the same for every agent: who serves, since when all do, what an act harms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from defib.core.model import TargetHealth
from sim.clock import VirtualTime
from sim.compare.fault_class import STRIKE, FaultClass, Wanted
from sim.compare.trial import Harm
from sim.faults import FaultKind
from sim.fuzz.balancer import Balancer
from sim.machine import Machine, View
from sim.scenario_value import Trait
from sim.tracks import InstanceHistory
from sim.traits import LOCAL_DISKS

LOOKS_EVERY = timedelta(seconds=1)
LATER = timedelta(minutes=40)
"""How long after the strike it looks less often: who has not healed it by then is no matter of seconds."""
LATER_EVERY = timedelta(seconds=5)
TAKING = frozenset({"reboot", "stop", "force_stop", "skip_os_shutdown", "terminate", "recover"})
ERASING = TAKING - {"reboot"}
"""What leaves the host, and with it the local disks."""
SETTLED = timedelta(minutes=15)
"""For how long all must serve before a trial ends early."""
MINIMUM = 1
"""Serving instances that a service must keep: ``minimum_healthy`` of defib.toml."""


class Onlooker:
    """Looks every second at first; an agent's acts are told to ``act``."""

    def __init__(
        self,
        time: VirtualTime,
        fault_class: FaultClass,
        machines: Callable[[], list[Machine]],
        balancer: Balancer | None,
    ) -> None:
        self._time = time
        self._class = fault_class
        self._machines = machines
        self._balancer = balancer
        self._struck_at = time.now + STRIKE
        self._whole_since: datetime | None = None
        self._broken = False
        self._histories: dict[str, InstanceHistory] = {}
        self._log: list[tuple[datetime, frozenset[str], frozenset[str]]] = []
        """Since when which instances serve, and which work."""
        self._noted: View | None = None
        self._latest: tuple[list[str], list[str]] | None = None
        self.harms: set[Harm] = set()
        self.acts: list[str] = []
        time.at(time.now, self._look)

    @property
    def struck_at(self) -> datetime:
        return self._struck_at

    @property
    def serves_again(self) -> timedelta | None:
        """Since when all serve without a break, counted from the strike; None when not all do, or none ever failed."""
        if not self._broken or self._whole_since is None:
            return None
        return self._whole_since - self._struck_at

    @property
    def settled(self) -> bool:
        """Whether all have served for so long that nothing more is to be expected."""
        return self.serves_again is not None and self._time.now - (self._whole_since or self._time.now) > SETTLED

    def history(self, machine: Machine) -> InstanceHistory:
        if machine.instance_id not in self._histories:
            self._histories[machine.instance_id] = InstanceHistory(machine)
        return self._histories[machine.instance_id]

    def act(self, kind: str, machine: Machine, at: datetime | None = None) -> None:
        """Judge an act of the agent by what is true at this moment, or was ``at`` an earlier one."""
        serving, working = self._seen(at)
        self.acts.append(kind)
        if kind in TAKING:
            if machine.instance_id in working:
                self.harms.add(Harm.NEEDLESS)
            if machine.instance_id in serving and len(serving) - 1 < MINIMUM:
                self.harms.add(Harm.BELOW_MINIMUM)
        self.harms |= losses(kind, machine.instance_type, machine.traits)
        if self._class.wanted is Wanted.LEAVE and machine.suffers(FaultKind.STOPPED_BY_PERSON) is not None:
            self.harms.add(Harm.OVERRULED)

    def _seen(self, at: datetime | None) -> tuple[frozenset[str], frozenset[str]]:
        """Who served and who worked."""
        if at is None:
            self._remember()
            at = self._time.now
        found = next((seen for since, *seen in reversed(self._log) if since <= at), None)
        assert found is not None
        serving, working = found
        return serving, working

    def _remember(self) -> frozenset[str]:
        now, machines = self._time.now, self._machines()
        working = [m.instance_id for m in machines if m.works(now)]
        health = self._balancer.health if self._balancer is not None else None
        serving = working if health is None else [i for i in working if health.get(i) is TargetHealth.HEALTHY]
        if (serving, working) != self._latest:
            self._latest = (serving, working)
            self._log.append((now, frozenset(serving), frozenset(working)))
        return self._log[-1][1]

    def _look(self) -> None:
        now = self._time.now
        whole = len(self._remember()) >= self._class.fleet.count
        victim = next(m for m in self._machines() if m.name == self._class.victim)
        self._note(victim, now)
        if now >= self._struck_at and not whole:
            self._broken = True
        if not whole:
            self._whole_since = None
        elif self._whole_since is None:
            self._whole_since = now
        late = now - self._struck_at > LATER
        self._time.after(LATER_EVERY if late else LOOKS_EVERY, self._look)

    def _note(self, machine: Machine, now: datetime) -> None:
        history = self.history(machine)
        if machine.view is not self._noted:
            self._noted = machine.view
            history.note_state(now)
            history.note_checks(now)
        health = self._balancer.health.get(machine.instance_id) if self._balancer is not None else None
        if health is not None:
            history.targets.note(now, health.value)


def losses(kind: str, instance_type: str, traits: Sequence[Trait]) -> frozenset[Harm]:
    """What an act of this kind destroys (EC2 User Guide, How instance stop and start works; Terminate instances)."""
    if kind == "terminate":
        return frozenset({Harm.DATA_LOST, Harm.ADDRESS_LOST})
    found = set()
    if kind in ERASING and LOCAL_DISKS.match(instance_type):
        found.add(Harm.DATA_LOST)
    if kind in ERASING - {"recover"} and Trait.PUBLIC_IP in traits and Trait.ELASTIC_IP not in traits:
        found.add(Harm.ADDRESS_LOST)
    return frozenset(found)
