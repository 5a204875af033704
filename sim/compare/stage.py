"""The machines that a rival works on: the replay's own physics, its load balancer, and what AWS tells of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from defib.core.model import CheckStatus, InstanceState, TargetHealth
from sim.clock import VirtualTime
from sim.compare.fault_class import HORIZON, STRIKE, FaultClass
from sim.compare.onlooker import Onlooker
from sim.compare.trial import Trial
from sim.faults import FaultKind
from sim.fuzz.balancer import Balancer
from sim.fuzz.cloud import LONG_AGO
from sim.machine import ActiveFault, Machine, View
from sim.physics import PASSED, PERSON, Physics
from sim.scenario import Fault

STEP = timedelta(minutes=1)
NO_ROOM = "InsufficientInstanceCapacity"
HIDDEN = ("Server.Recovery", "moved to other hardware")


class Stage:
    """One fault class with one seed. A rival subscribes to what it can see, and acts by the methods."""

    def __init__(self, fault_class: FaultClass, seed: int) -> None:
        scenario = fault_class.scenario(seed)
        self.fault_class = fault_class
        self.seed = seed
        self.time = VirtualTime(scenario.start)
        self.random = Random(f"rival {fault_class.name} {seed}")
        self.machines: list[Machine] = []
        self.on_state: list[Callable[[Machine], None]] = []
        """EC2 Instance State-change Notifications, by the true machine."""
        self.on_sample: list[Callable[[Machine], None]] = []
        """A status check has just been made, and is a datapoint of CloudWatch's metrics."""
        self.on_event: list[Callable[[Machine], None]] = []
        """AWS announces a scheduled event."""
        self._physics = Physics(self.time, Random(f"physics {seed}"), scenario.durations, self)
        spec = next(iter(scenario.target_groups), None)
        self.balancer = Balancer(spec, "", self.time) if spec is not None else None
        self._told_at: datetime | None = None
        for number in range(fault_class.fleet.count):
            self._add(number)
        self.onlooker = Onlooker(self.time, fault_class, lambda: self.machines, self.balancer)
        for fault in scenario.faults:
            self.time.after(fault.at, lambda f=fault: self._strike(f))  # type: ignore[misc]  # binds the loop's value

    @property
    def victim(self) -> Machine:
        return self.machines[0]

    def run(self, agent: str) -> Trial:
        """Let everything happen, and say what came of it."""
        end = self.time.now + STRIKE + HORIZON
        while self.time.now < end and not self.onlooker.settled:
            self.time.run_until(min(self.time.now + STEP, end))
        looker = self.onlooker
        told = self._told_at - looker.struck_at if self._told_at is not None else None
        return Trial(
            agent=agent,
            fault_class=self.fault_class.name,
            seed=self.seed,
            serves_again=looker.serves_again,
            told=told,
            harms=frozenset(looker.harms),
            acts=tuple(looker.acts),
        )

    def tell(self) -> None:
        """Somebody gets a message about it."""
        self._told_at = self._told_at or self.time.now

    # --- What a rival may do ---------------------------------------------------------------------------------------

    def reboot(self, machine: Machine) -> None:
        """RebootInstances; of an instance that does not run nothing comes."""
        if machine.state is not InstanceState.RUNNING:
            return
        self.onlooker.act("reboot", machine)
        self._physics.reboot(machine)
        self.time.after(timedelta(minutes=2), lambda: self._note(machine))

    def stop(self, machine: Machine, force: bool = False) -> None:
        """StopInstances of a running or stopping instance."""
        if machine.state not in (InstanceState.RUNNING, InstanceState.STOPPING):
            return
        self.onlooker.act("force_stop" if force else "stop", machine)
        self._physics.stop(machine, PERSON, force)

    def start(self, machine: Machine) -> str:
        """StartInstances of a stopped instance; the error code where EC2 refuses, else empty."""
        if machine.state is not InstanceState.STOPPED:
            return "IncorrectInstanceState"
        full = machine.lacks_room()
        if full is not None:
            self._physics.refuse_start(full)
            return NO_ROOM
        self.onlooker.act("start", machine)
        self._physics.start(machine)
        return ""

    def recover(self, machine: Machine) -> bool:
        """EC2 moves a running instance to other hardware, as with a stop and start; False where there is no room."""
        if machine.state is not InstanceState.RUNNING:
            return False
        full = machine.lacks_room()
        if full is not None:
            self._physics.refuse_start(full)
            return False
        self.onlooker.act("recover", machine)
        self._physics.stop(machine, HIDDEN, force=True)
        self.on_state.append(lambda m: self._physics.start(m) if m is machine and _stopped(m) else None)
        return True

    def terminate(self, machine: Machine) -> None:
        """TerminateInstances."""
        if machine.state in (InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED):
            return
        self.onlooker.act("terminate", machine)
        if self.balancer is not None:
            self.balancer.deregister(machine)
        self._physics.terminate(machine)

    def launch(self, like: Machine) -> Machine | None:
        """RunInstances for another such machine, in another zone where one has no room.

        None where its volumes would need the same key, and that can't be used.
        """
        if like.suffers(FaultKind.FAILING_KEY) is not None:
            return None
        self.onlooker.act("launch", like)
        new = self._machine(len(self.machines), InstanceState.PENDING)
        self.machines.append(new)
        self._physics.launch(new)
        return new

    # --- What physics calls (sim.physics.Witness) ------------------------------------------------------------------

    def state_changed(self, machine: Machine) -> None:
        self._note(machine)
        if machine.state is InstanceState.RUNNING and self.balancer is not None:
            if machine.instance_id not in self.balancer.health:
                self.balancer.register(machine)
            self.time.at(machine.answers_from, lambda: self._note(machine))
        _call(self.on_state, machine)

    def shown_changed(self, machine: Machine) -> None:
        """A rival reads ``machine.shown`` when it looks."""

    def sampled(self, machine: Machine) -> None:
        self._note(machine)
        _call(self.on_sample, machine)

    def fault_ended(self, active: ActiveFault) -> None:
        self._note(active.machine)

    # --- The truth -------------------------------------------------------------------------------------------------

    def _add(self, number: int) -> None:
        late = number == 0 and any(f.kind is FaultKind.DEAD_ON_ARRIVAL for f in self.fault_class.faults)
        machine = self._machine(number, InstanceState.TERMINATED if late else InstanceState.RUNNING)
        self.machines.append(machine)
        if self.balancer is not None:
            self.balancer.health[machine.instance_id] = TargetHealth.HEALTHY
        if number == 0 and not late:
            self._physics.settle(machine)

    def _machine(self, number: int, state: InstanceState) -> Machine:
        fleet, now = self.fault_class.fleet, self.time.now
        launched = now if state is InstanceState.PENDING else now - LONG_AGO
        view = View(state, launched)
        if state is InstanceState.RUNNING:
            view = view.with_checks(PASSED, PASSED, PASSED)
        return Machine(
            instance_id=f"i-{number:017x}",
            name=f"{fleet.name}-{number + 1}",
            service=fleet.of_service,
            zone=fleet.zones[number % len(fleet.zones)],
            instance_type=fleet.instance_type,
            tags={},
            state=state,
            launched_at=launched,
            view=view,
            shown=view,
            answers_from=launched,
            traits=fleet.traits,
        )

    def _strike(self, fault: Fault) -> None:
        machine = self.victim
        active = ActiveFault(fault, machine, self.time.now)
        if active.fault.kind is FaultKind.DEAD_ON_ARRIVAL:
            machine.launched_at = self.time.now
            machine.view = machine.shown = replace(machine.view, launched_at=self.time.now)
        self._physics.strike(active)
        self._note(machine)
        if active.fault.kind is FaultKind.EVENT_ANNOUNCED:
            _call(self.on_event, machine)

    def _note(self, machine: Machine) -> None:
        if self.balancer is not None:
            self.balancer.note(machine)


def _stopped(machine: Machine) -> bool:
    return machine.state is InstanceState.STOPPED


def _call(hooks: Sequence[Callable[[Machine], None]], machine: Machine) -> None:
    for hook in tuple(hooks):
        hook(machine)


def impaired(machine: Machine, *, system: bool = False, instance: bool = False, ebs: bool = False) -> bool:
    """Whether EC2 shows one of the named checks of a running instance as impaired."""
    shown = machine.shown
    if shown.state is not InstanceState.RUNNING:
        return False
    named = ((system, shown.system), (instance, shown.instance), (ebs, shown.attached_ebs))
    return any(asked and check.status is CheckStatus.IMPAIRED for asked, check in named)
