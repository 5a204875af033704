"""EC2 and the load balancers in memory: the replay's own physics, seen and acted on without moto between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from defib.core.case import Action, Attempt, Case
from defib.core.model import (
    Check,
    Checks,
    CheckStatus,
    InstanceState,
    Observation,
    Peers,
    Registration,
    Target,
    TargetHealth,
)
from defib.core.policy import Policy
from defib.core.shift import Served
from defib.core.traits import Traits
from defib.shell.ports import Rejected, Suspects, Transient
from sim.clock import VirtualTime
from sim.faults import FaultKind
from sim.machine import ActiveFault, CheckView, Machine, View
from sim.physics import PASSED, PERSON, Physics
from sim.scenario import Fault, Fleet, Scenario, TargetGroup
from sim.scenario_file import instance_names, selected
from sim.traits import LOCAL_DISKS, Trait, architecture

LONG_AGO = timedelta(days=30)
GONE = (InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED)
AN_ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{name}/0123456789abcdef"
INITIAL = timedelta(seconds=20)
"""From a registration until the load balancer's first checks have passed."""
OK = Check(CheckStatus.OK)


class Balancer:
    """One target group: who is registered, and what the load balancer says of each."""

    def __init__(self, spec: TargetGroup, configured: str, time: VirtualTime) -> None:
        """``configured`` is the ARN that the policy gives it, or empty."""
        self.spec = spec
        self.configured = bool(configured)
        self.arn = configured or AN_ARN.format(name=spec.name)
        self.manageable = spec.opted_in or bool(configured)
        self._time = time
        self.health: dict[str, TargetHealth] = {}
        self.drained_at: dict[str, datetime] = {}

    def register(self, machine: Machine) -> None:
        self.drained_at.pop(machine.instance_id, None)
        self.health[machine.instance_id] = TargetHealth.INITIAL
        self._time.after(INITIAL, lambda: self.note(machine))

    def deregister(self, machine: Machine) -> None:
        if self.health.get(machine.instance_id) is None:
            return
        self.drained_at[machine.instance_id] = self._time.now
        self.health[machine.instance_id] = TargetHealth.DRAINING
        self._time.after(self.spec.deregistration_delay, lambda: self._drained(machine))

    def note(self, machine: Machine) -> None:
        """The machine may work, or may not, from this moment; the load balancer finds out by its checks."""
        shown = self.health.get(machine.instance_id)
        if shown is None or shown is TargetHealth.DRAINING:
            return
        if machine.state is not InstanceState.RUNNING:
            self.health[machine.instance_id] = TargetHealth.UNUSED
            return
        works = machine.works(self._time.now)
        wanted = TargetHealth.HEALTHY if works else TargetHealth.UNHEALTHY
        if shown is wanted:
            return
        if shown is TargetHealth.UNUSED:
            self.health[machine.instance_id] = TargetHealth.INITIAL if works else TargetHealth.UNHEALTHY
        checks = self.spec.healthy_after if works else self.spec.unhealthy_after
        self._time.after(self.spec.check_every * checks, lambda: self._flip(machine, wanted))

    def _flip(self, machine: Machine, wanted: TargetHealth) -> None:
        shown = self.health.get(machine.instance_id)
        still = machine.state is InstanceState.RUNNING and machine.works(self._time.now) is (
            wanted is TargetHealth.HEALTHY
        )
        if still and shown is not None and shown is not TargetHealth.DRAINING:
            self.health[machine.instance_id] = wanted

    def _drained(self, machine: Machine) -> None:
        since = self.drained_at.get(machine.instance_id)
        if since is not None and self._time.now - since >= self.spec.deregistration_delay:
            self.health.pop(machine.instance_id, None)
            del self.drained_at[machine.instance_id]


class Cloud:
    """Observer, actor and the truth behind both. Raises what the edges raise, and nothing else."""

    def __init__(self, scenario: Scenario, policy: Policy, time: VirtualTime, random: Random) -> None:
        self.time = time
        self._policy = policy
        self.machines: dict[str, Machine] = {}
        self.by_name: dict[str, Machine] = {}
        self.members: dict[str, list[Machine]] = {}
        """By service, those whose tags match it."""
        self.troubled: dict[str, Machine] = {}
        """Those that may differ from a machine that simply works."""
        self.event: Callable[[Machine], None] = lambda _: None
        """Called when a state change would be told by EventBridge."""
        self.shown: Callable[[Machine], None] = lambda _: None
        self._physics = Physics(time, random, scenario.durations, self)
        known = {group.name: group.arn for service in policy.services for group in service.target_groups}
        self._balancers = {spec.name: Balancer(spec, known.get(spec.name, ""), time) for spec in scenario.target_groups}
        self._behind: dict[str, Balancer] = {}
        named = {name: name for name in instance_names(scenario)}
        launched = [fault for fault in scenario.faults if fault.kind is FaultKind.DEAD_ON_ARRIVAL]
        self._late = {name for fault in launched for name in selected(fault.on, named)}
        self._disturbed = {name for fault in scenario.faults for name in selected(fault.on, named)}
        for fleet in scenario.fleet:
            for number in range(fleet.count):
                name = f"{fleet.name}-{number + 1}"
                self._add(name, fleet, fleet.zones[number % len(fleet.zones)])

    # --- The truth -----------------------------------------------------------------------------------------------

    def _add(self, name: str, fleet: Fleet, zone: str) -> None:
        late, now = name in self._late, self.time.now
        state = InstanceState.TERMINATED if late else InstanceState.RUNNING
        view = View(state, now - LONG_AGO)
        machine = Machine(
            instance_id=f"i-{len(self.machines):017x}",
            name=name,
            service=_service_of(fleet),
            zone=zone,
            instance_type=fleet.instance_type,
            tags=_tags(name, fleet, self._policy),
            state=state,
            launched_at=now - LONG_AGO,
            view=view,
            shown=view,
            answers_from=now - LONG_AGO,
            traits=fleet.traits,
        )
        self.machines[machine.instance_id] = self.by_name[name] = machine
        service = self._policy.service_of(machine.tags)
        if service is not None:
            self.members.setdefault(service.name, []).append(machine)
        if fleet.target_group:
            self._behind[machine.instance_id] = balancer = self._balancers[fleet.target_group]
            if not late:
                balancer.health[machine.instance_id] = TargetHealth.HEALTHY
        if late:
            self.troubled[machine.instance_id] = machine
        elif name in self._disturbed:
            # Only what ever breaks is sampled minute by minute: of the others nothing would ever change.
            self._physics.settle(machine)
        else:
            machine.view = machine.shown = view.with_checks(PASSED, PASSED, PASSED)

    def strike(self, fault: Fault) -> None:
        """Let a fault begin on each machine that it names."""
        for name in selected(fault.on, self.by_name):
            machine = self.by_name[name]
            self.troubled[machine.instance_id] = machine
            if fault.kind is FaultKind.DEAD_ON_ARRIVAL:
                machine.launched_at = self.time.now
            self._physics.strike(ActiveFault(fault, machine, self.time.now))
            self._note(machine)

    def retag(self, name: str, tags: Mapping[str, str]) -> None:
        machine = self.by_name[name]
        machine.tags = tags

    def balancer_of(self, machine: Machine) -> Balancer | None:
        return self._behind.get(machine.instance_id)

    def _note(self, machine: Machine) -> None:
        balancer = self._behind.get(machine.instance_id)
        if balancer is not None:
            balancer.note(machine)

    # --- What physics calls (sim.physics.Witness) ------------------------------------------------------------------

    def state_changed(self, machine: Machine) -> None:
        self.troubled[machine.instance_id] = machine
        self._note(machine)
        balancer = self._behind.get(machine.instance_id)
        if machine.state is InstanceState.RUNNING and balancer is not None:
            self.time.at(machine.answers_from, lambda: balancer.note(machine))
        self.event(machine)

    def shown_changed(self, machine: Machine) -> None:
        self.shown(machine)

    def sampled(self, machine: Machine) -> None:
        self._note(machine)

    def fault_ended(self, active: ActiveFault) -> None:
        self._note(active.machine)

    # --- What Defib sees (ports.Observer) --------------------------------------------------------------------------

    def observe(self, instance_id: str, registrations: Sequence[Registration], act_is_near: bool = True) -> Observation:
        machine = self.machines[instance_id]
        found = self._seen(machine)
        service = self._policy.service_of(machine.tags)
        if service is None or found.state is InstanceState.TERMINATED:
            return found
        targets = self._targets(machine, registrations, found.state is InstanceState.RUNNING)
        found = replace(found, targets=targets)
        if not act_is_near:
            return found
        if service.counts_peers:
            found = replace(found, peers=self._peers(machine, service.name))
        return replace(found, traits=_traits(machine))

    def suspects(self) -> Suspects:
        opted_in = self._policy.opted_in
        found = (self._suspect(m) for m in self.troubled.values() if opted_in(m.tags))
        return Suspects(tuple(observation for observation in found if observation is not None), {})

    def running(self) -> Mapping[str, int]:
        opted_in = self._policy.opted_in
        running = InstanceState.RUNNING
        return Counter(m.zone for m in self.machines.values() if m.shown.state is running and opted_in(m.tags))

    def zone_ids(self) -> Mapping[str, str]:
        return {"us-east-1a": "use1-az1", "us-east-1b": "use1-az2", "us-east-1c": "use1-az4"}

    def serving(self, target_group_arns: Sequence[str]) -> Mapping[str, Mapping[str, Served]]:
        return {arn: {} for arn in target_group_arns}

    def unhealthy_targets(self, target_group_arn: str) -> Sequence[str]:
        balancer = next((b for b in self._balancers.values() if b.arn == target_group_arn), None)
        if balancer is None:
            return ()
        return [i for i, health in balancer.health.items() if health is TargetHealth.UNHEALTHY]

    def _seen(self, machine: Machine) -> Observation:
        shown = machine.shown
        running = shown.state is InstanceState.RUNNING
        return Observation(
            instance_id=machine.instance_id,
            observed_at=self.time.now,
            state=shown.state,
            launched_at=shown.launched_at,
            tags=machine.tags,
            zone=machine.zone,
            instance_type=machine.instance_type,
            state_reason_code=shown.reason_code,
            state_reason=shown.reason,
            transition_reason=shown.transition_reason,
            checks=Checks(_check(shown.system), _check(shown.instance), _check(shown.attached_ebs))
            if running
            else None,
        )

    def _suspect(self, machine: Machine) -> Observation | None:
        """What the sweep says of it, if one of its questions names it (aws/suspects.py)."""
        balancer = self._behind.get(machine.instance_id)
        asked = balancer is not None and balancer.configured
        failing = asked and balancer is not None and balancer.health.get(machine.instance_id) is TargetHealth.UNHEALTHY
        if not failing:
            return self._seen(machine) if _is_suspect(machine) else None
        return replace(self._seen(machine), targets=self._targets(machine, (), False))

    def _targets(self, machine: Machine, registrations: Sequence[Registration], running: bool) -> tuple[Target, ...]:
        balancer = self._behind.get(machine.instance_id)
        if balancer is None:
            return ()
        registration = Registration(balancer.arn, 80)
        health = balancer.health.get(machine.instance_id)
        if health is None:
            return (Target(registration, TargetHealth.UNUSED, manageable=balancer.manageable),) if registrations else ()
        others = None
        if running:
            others = sum(
                1 for i, h in balancer.health.items() if i != machine.instance_id and h is TargetHealth.HEALTHY
            )
        return (Target(registration, health, manageable=balancer.manageable, others_healthy=others),)

    def _peers(self, machine: Machine, service: str) -> Peers:
        others = [m for m in self.members[service] if m is not machine and m.shown.state not in GONE]
        running = [m for m in others if m.shown.state is InstanceState.RUNNING]
        healthy = sum(1 for m in running if m.shown.worst is CheckStatus.OK)
        return Peers(len(running), healthy, len(others) - len(running))

    # --- What Defib does (ports.Actor) -----------------------------------------------------------------------------

    def perform(self, attempt: Attempt, case: Case, observation: Observation) -> str:
        del observation
        machine = self.machines[case.instance_id]
        match attempt.action:
            case Action.EVIDENCE:
                return f"s3://evidence/{case.service}/{case.id}/"
            case Action.REBOOT:
                self._require(machine, (InstanceState.RUNNING,), "rebooted")
                self._physics.reboot(machine)
                self.time.after(timedelta(minutes=2), lambda: self._note(machine))
            case Action.STOP | Action.FORCE_STOP | Action.SKIP_OS_SHUTDOWN:
                self._stop(machine, attempt.action)
            case Action.START:
                self._start(machine)
            case Action.RESIZE:
                self._require(machine, (InstanceState.STOPPED,), "modified")
                machine.instance_type = attempt.to
            case Action.DRAIN:
                self._behind[machine.instance_id].deregister(machine)
            case Action.RESTORE:
                self._behind[machine.instance_id].register(machine)
            case _:
                raise Rejected(f"nothing of {attempt.action} is in memory", "UnsupportedOperation")
        return ""

    def _stop(self, machine: Machine, action: Action) -> None:
        allowed = (InstanceState.RUNNING, InstanceState.STOPPING, InstanceState.STOPPED)
        self._require(machine, allowed, "stopped")
        if Trait.STOP_PROTECTION in machine.traits:
            raise Rejected("it may not be stopped", "OperationNotPermitted")
        if machine.state is not InstanceState.STOPPED:
            self._physics.stop(machine, PERSON, action is not Action.STOP, action is Action.SKIP_OS_SHUTDOWN)

    def _start(self, machine: Machine) -> None:
        allowed = (InstanceState.STOPPED, InstanceState.PENDING, InstanceState.RUNNING)
        self._require(machine, allowed, "started")
        if machine.state is not InstanceState.STOPPED:
            return
        full = machine.lacks_room()
        if full is not None:
            self._physics.refuse_start(full)
            raise Transient("no capacity", "InsufficientInstanceCapacity")
        self._physics.start(machine)

    def _require(self, machine: Machine, states: Sequence[InstanceState], done: str) -> None:
        if machine.state not in states:
            message = f"{machine.instance_id} is {machine.state}, and can't be {done}"
            raise Rejected(message, "IncorrectInstanceState")


def _check(view: CheckView) -> Check:
    return OK if view.status is CheckStatus.OK else Check(view.status, view.impaired_since)


def _is_suspect(machine: Machine) -> bool:
    """What one of the sweep's questions would name (aws/suspects.py)."""
    shown = machine.shown
    if shown.state is InstanceState.RUNNING:
        return shown.worst is not CheckStatus.OK
    return shown.state not in GONE


def _traits(machine: Machine) -> Traits:
    has = machine.traits
    return Traits(
        auto_public_ip="203.0.113.25" if Trait.PUBLIC_IP in has and Trait.ELASTIC_IP not in has else "",
        architecture=architecture(machine.instance_type),
        windows=Trait.WINDOWS in has,
        hibernation=Trait.HIBERNATION in has,
        dedicated_host="h-0123456789abcdef0" if Trait.DEDICATED_HOST in has else "",
        instance_store=LOCAL_DISKS.match(machine.instance_type) is not None,
        stop_protected=Trait.STOP_PROTECTION in has,
        termination_protected=Trait.TERMINATION_PROTECTION in has,
    )


def _tags(name: str, fleet: Fleet, policy: Policy) -> Mapping[str, str]:
    name_of = _service_of(fleet)
    service = policy.service(name_of)
    tags = {key: values[0] for key, values in service.match.items()} if service else {"service": name_of}
    if fleet.opted_in:
        tags[policy.opt_in.key] = policy.opt_in.value
    return {"Name": name, **tags, **{key: values[0] for key, values in fleet.tags.items()}}


def _service_of(fleet: Fleet) -> str:
    return fleet.service or fleet.name
