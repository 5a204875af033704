"""Warm pools: instances that a group has launched ahead, and puts in the place of members that it terminates.

EC2 Auto Scaling User Guide, Warm pools, and Use lifecycle hooks with a warm pool.
"""

from __future__ import annotations

from collections.abc import Callable

from defib.core.model import InstanceState
from sim.clock import VirtualTime
from sim.machine import Machine
from sim.physics import HIBERNATED, PERSON, Physics
from sim.scaled import PENDING, TERMINATING, Member, Scaled, dead, hold
from sim.scaling_group import PoolState
from sim.scenario import Fault

WARMED = "Warmed:"
GONE = (InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED)


class WarmPools:
    """Keeps the warm pool of each group as full as it is to be; ``launch`` makes a machine like another."""

    def __init__(self, time: VirtualTime, physics: Physics, launch: Callable[[Machine, Fault | None], Machine]) -> None:
        self._time = time
        self._physics = physics
        self._launch = launch

    def look(self, group: Scaled) -> None:
        """Move on what is on its way, give up what is not as it should be, and launch what is missing."""
        for member in list(group.pool.values()):
            running = member.machine.shown.state is InstanceState.RUNNING
            if member.lifecycle == WARMED + PENDING and running:
                self._initialized(group, member)
            elif member.lifecycle == _rests(group) and not self._is_fit(group, member):
                self._give_up(member)
            elif TERMINATING in member.lifecycle and member.machine.state is InstanceState.TERMINATED:
                del group.pool[member.machine.instance_id]
        models = group.in_service
        while models and len(group.pool) < group.spec.warm_pool.size:
            self._add(group, models[len(group.pool) % len(models)])

    def take(self, group: Scaled) -> Member | None:
        """One that is ready to take a member's place, started; None where none is."""
        ready = next((member for member in group.pool.values() if member.lifecycle == _rests(group)), None)
        if ready is None or not self._is_fit(group, ready):
            return None
        del group.pool[ready.machine.instance_id]
        ready.lifecycle = PENDING
        group.members[ready.machine.instance_id] = ready
        if ready.machine.state is InstanceState.STOPPED:
            self._physics.start(ready.machine)
        return ready

    def _add(self, group: Scaled, model: Member) -> None:
        group.launches += 1
        machine = self._launch(model.machine, dead(group))
        # Whoever makes it may have taken it for a member.
        group.members.pop(machine.instance_id, None)
        group.pool[machine.instance_id] = Member(machine, WARMED + PENDING)

    def _initialized(self, group: Scaled, member: Member) -> None:
        """A hook for launches holds what enters the pool, too."""
        hold(self._time, group, member, lambda: self._rest(group, member), lambda: self._give_up(member))

    def _rest(self, group: Scaled, member: Member) -> None:
        """Auto Scaling stops it in the owner's name, so that EC2 says of it what it says of a person's stop."""
        member.lifecycle, state = _rests(group), group.spec.warm_pool.state
        if state is not PoolState.RUNNING and member.machine.state is InstanceState.RUNNING:
            self._physics.stop(member.machine, HIBERNATED if state is PoolState.HIBERNATED else PERSON)

    def _is_fit(self, group: Scaled, member: Member) -> bool:
        """Whether it is in the state that the pool keeps it in; it may still be stopping."""
        state = member.machine.state
        if group.spec.warm_pool.state is PoolState.RUNNING:
            return state is InstanceState.RUNNING
        return state in (InstanceState.STOPPED, InstanceState.STOPPING)

    def _give_up(self, member: Member) -> None:
        member.lifecycle = WARMED + TERMINATING
        if member.machine.state not in GONE:
            self._physics.terminate(member.machine)


def _rests(group: Scaled) -> str:
    return WARMED + group.spec.warm_pool.state.value.capitalize()
