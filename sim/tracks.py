"""The true history of the simulated instances, as spans of values."""

from __future__ import annotations

from datetime import datetime

from defib.core.model import CheckStatus, InstanceState
from sim.elb import Group
from sim.machine import Machine
from sim.recording import InstanceTrack, Span

NONE = "none"


class Track:
    """One value through time."""

    def __init__(self) -> None:
        self._changes: list[tuple[datetime, str]] = []

    def note(self, at: datetime, value: str) -> bool:
        """Record that it is ``value`` from now on; tells whether that is news."""
        if self._changes and self._changes[-1][1] == value:
            return False
        self._changes.append((at, value))
        return True

    def spans(self, end: datetime) -> tuple[Span, ...]:
        ends = [*(at for at, _ in self._changes[1:]), end][: len(self._changes)]
        spans = (Span(at, until, value) for (at, value), until in zip(self._changes, ends, strict=True))
        return tuple(span for span in spans if span.end > span.start)

    def first(self, values: frozenset[str], since: datetime) -> datetime | None:
        """When it was first any of ``values`` at or after ``since``."""
        current = [(at, value) for at, value in self._changes if at <= since][-1:]
        later = [(at, value) for at, value in self._changes if at > since]
        return next((max(at, since) for at, value in (*current, *later) if value in values), None)


class InstanceHistory:
    """The three tracks of one instance."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.states = Track()
        self.checks = Track()
        self.targets = Track()

    def note_state(self, now: datetime) -> bool:
        return self.states.note(now, self.machine.state.value)

    def note_checks(self, now: datetime) -> bool:
        worst = self.machine.view.worst
        return self.checks.note(now, worst.value if worst else NONE)

    def note_target(self, now: datetime, group: Group | None) -> bool:
        health = group.health_of(self.machine.instance_id) if group else None
        return health is not None and self.targets.note(now, health.value)

    def shows_trouble(self, since: datetime) -> datetime | None:
        """When AWS first showed that something is wrong: by its check, by the state, or by the load balancer."""
        stopped = frozenset(
            {InstanceState.STOPPING, InstanceState.STOPPED, InstanceState.TERMINATED, InstanceState.SHUTTING_DOWN}
        )
        found = (
            self.checks.first(frozenset({CheckStatus.IMPAIRED.value}), since),
            self.states.first(frozenset(state.value for state in stopped), since),
            self.targets.first(frozenset({"unhealthy"}), since),
        )
        return min((at for at in found if at is not None), default=None)

    def recorded(self, end: datetime) -> InstanceTrack:
        machine = self.machine
        return InstanceTrack(
            instance_id=machine.instance_id,
            name=machine.name,
            service=machine.service,
            zone=machine.zone,
            states=self.states.spans(end),
            checks=self.checks.spans(end),
            targets=self.targets.spans(end),
        )
