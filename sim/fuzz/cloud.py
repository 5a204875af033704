"""EC2, its load balancers and its Auto Scaling groups in memory: the replay's own physics, without moto between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from zlib import crc32

from defib.core.membership import GROUP_TAG
from defib.core.model import CheckStatus, InstanceState, TargetHealth
from defib.core.policy import Policy
from defib.core.shift import load_balancer_of
from sim.application import ApplicationChecks, application_check_of
from sim.clock import VirtualTime
from sim.ec2 import Ec2
from sim.faults import FaultKind
from sim.fuzz.balancer import Balancer, Balancers
from sim.fuzz.invariants.care import service_of
from sim.groups import AutoScaling
from sim.machine import ActiveFault, Machine, View
from sim.memory.calls import Calls
from sim.physics import PASSED, Physics
from sim.scenario import Fault, Fleet, Scenario, instance_names, selected
from sim.shifts import ZonalShifts
from sim.traits import is_recovered

LONG_AGO = timedelta(days=30)
GONE = (InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED)
ZONE_IDS: Mapping[str, str] = {
    "us-east-1a": "use1-az6",
    "us-east-1b": "use1-az1",
    "us-east-1c": "use1-az2",
    "us-east-1d": "use1-az4",
    "us-east-1e": "use1-az3",
    "us-east-1f": "use1-az5",
}


def zone_of(zone_id: str) -> str:
    """The name of the zone; empty for one that is unknown."""
    return next((name for name, id_ in ZONE_IDS.items() if id_ == zone_id), "")


class Cloud:
    """The truth. ``sim/fuzz/seen.py`` is what Defib sees of it, ``sim/fuzz/acts.py`` what Defib can do to it."""

    def __init__(self, scenario: Scenario, policy: Policy, time: VirtualTime, draws: Callable[[str], Random]) -> None:
        """``draws`` makes the stream of that name."""
        self.time = time
        self.policy = policy
        self._tagged_by = policy
        """A deployment changes no tag, nor what an Auto Scaling group gives its members."""
        self.machines: dict[str, Machine] = {}
        self.by_name: dict[str, Machine] = {}
        self.members: dict[str, list[Machine]] = {}
        """By service, those whose tags match it."""
        self.troubled: dict[str, Machine] = {}
        """Those that may differ from a machine that simply works."""
        self.recovered: dict[str, datetime] = {}
        """When EC2 last moved an instance from a failed host."""
        self.event: Callable[[Machine], None] = lambda _: None
        """Called when a state change would be told by EventBridge."""
        self.shown: Callable[[Machine], None] = lambda _: None
        self.struck: Callable[[Fault, Machine], None] = lambda _, __: None
        """Called just before a fault strikes a machine."""
        self.retagged: Callable[[Machine], None] = lambda _: None
        """Called when somebody has given a machine to another service, or to none."""
        random = draws("physics")
        self.physics = Physics(time, random, scenario.durations, self)
        self.calls = Calls()
        """What EC2, Auto Scaling, load balancers and zonal shifts answer to the edges that call them."""
        self._ec2 = Ec2(time, self.physics, self.calls)
        self.scaling = AutoScaling(time, self.physics, self.calls, self._launch_in_place_of)
        self.applications = ApplicationChecks(time, random, self.by_name, self.calls)
        self.applications.changed = self.shown_changed
        self.shifts = ZonalShifts(time, self.calls, lambda: self._shifted, lambda _: None)
        self._in_front = {g.arn: load_balancer_of(g) for service in policy.services for g in service.target_groups}
        self._shifted = frozenset(self._in_front.values())
        known = {group.name: group.arn for service in policy.services for group in service.target_groups}
        phases, specs = draws("elb"), scenario.target_groups
        self.balancers = {s.name: Balancer(s, known.get(s.name, ""), time, phases.random()) for s in specs}
        Balancers(self.balancers, self._ec2.machine, self.calls)
        self._behind: dict[str, Balancer] = {}
        self._fleets = scenario.fleet
        named = {name: name for name in instance_names(scenario)}
        launched = [fault for fault in scenario.faults if fault.kind is FaultKind.DEAD_ON_ARRIVAL]
        self._late = {name for fault in launched for name in selected(fault.on, named)}
        self._disturbed = {name for fault in scenario.faults for name in selected(fault.on, named)}
        self._create_groups(scenario)
        for fleet in scenario.fleet:
            for number in range(fleet.count):
                self._settle(self._add(f"{fleet.name}-{number + 1}", fleet, fleet.zones[number % len(fleet.zones)]))

    # --- The fleet -----------------------------------------------------------------------------------------------

    def _create_groups(self, scenario: Scenario) -> None:
        tag = {self.policy.opt_in.key: self.policy.opt_in.value}
        for spec in scenario.groups:
            fleets = [fleet for fleet in scenario.fleet if fleet.group == spec.name]
            traffic = next((self.balancers[f.target_group] for f in fleets if f.target_group), None)
            self.scaling.create(spec, sum(f.count for f in fleets), tag if spec.opted_in else {}, traffic)

    def _add(self, name: str, fleet: Fleet, zone: str, launched_at: datetime | None = None) -> Machine:
        """A machine that has long been running; with ``launched_at``, or if it is to be launched, one that does not."""
        runs = launched_at is None and name not in self._late
        state = InstanceState.RUNNING if runs else InstanceState.PENDING
        if name in self._late:
            state = InstanceState.TERMINATED
        since = launched_at or self.time.now - LONG_AGO
        view = View(state, since)
        machine = Machine(
            instance_id=f"i-{len(self.machines):017x}",
            name=name,
            service=fleet.of_service,
            zone=zone,
            instance_type=fleet.instance_type,
            tags=_tags(name, fleet, self._tagged_by),
            state=state,
            launched_at=since,
            view=view,
            shown=view,
            answers_from=since,
            traits=fleet.traits,
            application=application_check_of(fleet),
        )
        self.machines[machine.instance_id] = self.by_name[name] = machine
        self._ec2.add(machine)
        self._group(machine)
        if fleet.target_group:
            self._behind[machine.instance_id] = self.balancers[fleet.target_group]
        if fleet.group and name not in self._late:
            self.scaling.join(machine, fleet.group)
        return machine

    def _group(self, machine: Machine) -> None:
        service = service_of(self.policy, machine.tags)
        if service is not None:
            self.members.setdefault(service.name, []).append(machine)

    def _settle(self, machine: Machine) -> None:
        """It has been so for long. Only what ever breaks is sampled minute by minute: else nothing would change."""
        if machine.name in self._late:
            self.troubled[machine.instance_id] = machine
            return
        balancer = self._behind.get(machine.instance_id)
        if balancer is not None:
            balancer.settle(machine)
        if machine.name in self._disturbed:
            self.physics.settle(machine)
            self.applications.watch(machine)
        else:
            machine.view = machine.shown = machine.view.with_checks(PASSED, PASSED, PASSED)

    def _launch_in_place_of(self, old: Machine, wrong: Fault | None) -> Machine:
        """What an Auto Scaling group launches where it has terminated ``old``."""
        fleet = next(f for f in self._fleets if f.name == old.name.rpartition("-")[0])
        number = fleet.count + 1
        while f"{fleet.name}-{number}" in self.by_name:
            number += 1
        # Its group, which asks for it, has it join.
        machine = self._add(f"{fleet.name}-{number}", fleet, old.zone, self.time.now)
        self.troubled[machine.instance_id] = machine
        if wrong is None:
            self.physics.launch(machine)
        else:
            self.struck(wrong, machine)
            self.physics.strike(ActiveFault(wrong, machine, self.time.now))
        self.applications.watch(machine)
        return machine

    # --- What happens to it ----------------------------------------------------------------------------------------

    def strike(self, fault: Fault) -> None:
        """Let a fault begin on each machine that it names."""
        for name in selected(fault.on, self.by_name):
            machine = self.by_name[name]
            self.troubled[machine.instance_id] = machine
            self.struck(fault, machine)
            if fault.kind is FaultKind.DEAD_ON_ARRIVAL:
                machine.launched_at = self.time.now
                if machine.tags.get(GROUP_TAG):
                    self.scaling.join(machine, machine.tags[GROUP_TAG])
            self.physics.strike(ActiveFault(fault, machine, self.time.now))
            self.note(machine)

    def redeploy(self, policy: Policy) -> None:
        """From now on another policy says which services there are, and which instances are theirs."""
        self.policy = policy
        self._group_all()

    def _group_all(self) -> None:
        self.members.clear()
        for machine in self.machines.values():
            self._group(machine)

    def cure(self, machine: Machine) -> None:
        """Whatever ails it ends by itself."""
        for active in machine.lasting:
            self.physics.end(active)

    def recover(self, machine: Machine) -> None:
        """EC2 moves it from a host that has failed to another, if it does that with its kind.

        To the instance that is a reboot (EC2 User Guide, Automatic instance recovery).
        """
        failed = machine.suffers(FaultKind.SYSTEM_IMPAIRED)
        if failed is not None and machine.state is InstanceState.RUNNING and is_recovered(machine):
            self.physics.end(failed)
            self.physics.reboot(machine)
            self.recovered[machine.instance_id] = self.time.now

    def retag(self, name: str, tags: Mapping[str, str]) -> None:
        """Give it other tags."""
        machine = self.by_name[name]
        before, machine.tags = service_of(self.policy, machine.tags), tags
        if service_of(self.policy, tags) is not before:
            self._group_all()
            self.retagged(machine)

    def balancer_of(self, machine: Machine) -> Balancer | None:
        return self._behind.get(machine.instance_id)

    def others_serving(self, balancer: Balancer, instance_id: str) -> frozenset[str]:
        """Which other targets take traffic: what a zonal shift keeps out is as healthy as before, and takes none."""
        kept_from = self.kept_from(balancer)
        healthy = [i for i, h in balancer.health.items() if i != instance_id and h is TargetHealth.HEALTHY]
        return frozenset(i for i in healthy if not kept_from or self.machines[i].zone != kept_from)

    def kept_from(self, balancer: Balancer) -> str:
        """The zone that its traffic is shifted away from, whoever has done that; empty for none."""
        load_balancer = self._in_front.get(balancer.arn)
        shift = self.shifts.applied(load_balancer) if load_balancer and self.shifts.all else None
        return zone_of(shift.away_from) if shift is not None else ""

    def note(self, machine: Machine) -> None:
        """It may work, or may not, from this moment."""
        balancer = self._behind.get(machine.instance_id)
        if balancer is not None:
            balancer.note(machine)

    # --- What physics calls (sim.physics.Witness) ------------------------------------------------------------------

    def state_changed(self, machine: Machine) -> None:
        self.troubled[machine.instance_id] = machine
        self.note(machine)
        balancer = self._behind.get(machine.instance_id)
        if machine.state is InstanceState.RUNNING and balancer is not None:
            self.time.at(machine.answers_from, lambda: balancer.note(machine))
        self.event(machine)

    def shown_changed(self, machine: Machine) -> None:
        if machine.shown.worst is CheckStatus.OK:
            # Whatever fails from now on is no part of that any more.
            self.recovered.pop(machine.instance_id, None)
        self.note(machine)
        self.shown(machine)

    def sampled(self, machine: Machine) -> None:
        self.note(machine)

    def fault_ended(self, active: ActiveFault) -> None:
        self.note(active.machine)


def _tags(name: str, fleet: Fleet, policy: Policy) -> Mapping[str, str]:
    name_of = fleet.of_service
    service = policy.service(name_of)
    matching = service.match.items() if service else [("service", (name_of,))]
    # Whatever value a key may have, some have it.
    tags = {key: values[crc32(name.encode()) % len(values)] for key, values in matching}
    if fleet.opted_in:
        tags[policy.opt_in.key] = policy.opt_in.value
    if fleet.group:
        tags[GROUP_TAG] = fleet.group
    return {"Name": name, **tags, **{key: values[0] for key, values in fleet.tags.items()}}
