"""What Defib sees of EC2 and the load balancers (ports.Observer), made of the truth as EC2 shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from defib.aws import membership
from defib.aws.targets import NOT_REGISTERED
from defib.aws.traits import stop_is_near as is_stop_near
from defib.core.boot import stopped_from
from defib.core.frozen import replace
from defib.core.membership import GROUP_TAG, IN_SERVICE, Membership
from defib.core.model import (
    NOT_APPLICABLE,
    Check,
    Checks,
    CheckStatus,
    Event,
    InstanceState,
    Observation,
    Peers,
    Registration,
    Target,
    TargetHealth,
)
from defib.core.policy import Service
from defib.core.shift import Served
from defib.shell.ports import Rejected, Suspects
from sim.elb import INVALID_STATE, REASONS, shown_health
from sim.faults import EventCode, FaultKind
from sim.fuzz.balancer import Balancer
from sim.fuzz.cloud import GONE, ZONE_IDS, Cloud
from sim.fuzz.kinds import described_of, kind_of, traits_of
from sim.machine import ActiveFault, ApplicationCheck, CheckView, Machine, View
from sim.scenario_value import Trait

OK = Check(CheckStatus.OK)
ANNOUNCED = (FaultKind.AWS_MAINTENANCE, FaultKind.EVENT_ANNOUNCED)
UNFIT = frozenset({CheckStatus.IMPAIRED, CheckStatus.INITIALIZING})
PRESUMED = Checks(OK, OK)
"""Of an instance that only its load balancer names (aws/suspects.py)."""
SAID = {health: reason for health, (reason, _) in REASONS.items()} | {TargetHealth.UNUSED: INVALID_STATE}
"""Why a load balancer says that of a target."""


class Seen:
    """``ports.Observer`` over the cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._scaling = cloud.calls.client("autoscaling")
        self._checked: dict[str, tuple[View, Checks]] = {}
        """By instance, what EC2's own checks said when last looked at, and in which view of it."""

    def observe(
        self,
        instance_id: str,
        registrations: Sequence[Registration],
        act_is_near: bool = True,
        stop_is_near: bool = True,
        silenced: bool = False,
    ) -> Observation:
        cloud, machine = self._cloud, self._cloud.machines.get(instance_id)
        if machine is None:
            return Observation(instance_id, cloud.time.now, InstanceState.TERMINATED, launched_at=cloud.time.now)
        service = cloud.policy.service_of(machine.tags)
        if machine.shown.state is InstanceState.TERMINATED:
            return self._observation(machine)
        if service is None:
            # Of what is nobody's only what Defib took from it is asked for (aws/observe.py).
            return self._observation(machine, self._targets(machine, registrations) if registrations else ())
        found = self._observed(machine, service, registrations, act_is_near, stop_is_near, silenced)
        by_address = self._by_address(machine, service)
        return replace(found, traits=replace(found.traits, by_address=by_address)) if by_address else found

    def _observed(
        self,
        machine: Machine,
        service: Service,
        registrations: Sequence[Registration],
        act_is_near: bool,
        stop_is_near: bool,
        silenced: bool,
    ) -> Observation:
        targets = self._targets(machine, registrations)
        if not act_is_near:
            return self._observation(machine, targets)
        # Only guards ask for peers and the other targets, and only an instance in trouble meets a guard
        # (aws/observe.py).
        runs, peers = machine.shown.state is InstanceState.RUNNING, None
        if not _is_well(machine, targets, silenced, self._cloud):
            if service.counts_peers and (runs or GROUP_TAG in machine.tags):
                peers = self.peers(machine, service)
            targets = self._with_others(machine, targets) if runs else targets
        found = self._observation(machine, targets, peers, silenced=silenced)
        if found.group:
            found = replace(found, membership=self._membership(found))
        if stop_is_near and is_stop_near(found, stopped_from(self._cloud.policy, service)):
            found = replace(found, traits=traits_of(*kind_of(machine)))
        return found

    def suspects(self) -> Suspects:
        opted_in = self._cloud.policy.opted_in
        found = (self._suspect(m) for m in self._cloud.troubled.values() if opted_in(m.tags))
        return Suspects(tuple(observation for observation in found if observation is not None), {})

    def running(self) -> Mapping[str, int]:
        opted_in, running = self._cloud.policy.opted_in, InstanceState.RUNNING
        machines = self._cloud.machines.values()
        return Counter(m.zone for m in machines if m.shown.state is running and opted_in(m.tags))

    def zone_ids(self) -> Mapping[str, str]:
        return ZONE_IDS

    def serving(self, target_group_arns: Sequence[str]) -> Mapping[str, Mapping[str, Served]]:
        there = {balancer.arn for balancer in self._cloud.balancers.values()}
        return {arn: self._served(arn) for arn in target_group_arns if arn in there}

    def unhealthy_targets(self, target_group_arn: str) -> Sequence[str]:
        balancer = self._balancer(target_group_arn)
        if balancer.by_address:
            return ()
        return tuple(i for i, health in balancer.health.items() if health is TargetHealth.UNHEALTHY)

    def peers(self, machine: Machine, service: Service) -> Peers:
        """The others of its service, as EC2 and their groups count them (aws/peers.py)."""
        others = [
            m for m in self._cloud.members.get(service.name, ()) if m is not machine and m.shown.state not in GONE
        ]
        others = [m for m in others if not self._cloud.scaling.waits_in_pool(m)]
        running = [m for m in others if m.shown.state is InstanceState.RUNNING]
        fit = frozenset(m.instance_id for m in running if self._is_fit(m))
        return Peers(len(running), len(fit), len(others) - len(running), fit)

    def _is_fit(self, peer: Machine) -> bool:
        if peer.shown.worst is not CheckStatus.OK:
            return False
        if peer.application is not None and peer.application.shown(self._cloud.time.now) in UNFIT:
            return False
        group = self._cloud.scaling.groups.get(peer.tags.get(GROUP_TAG, ""))
        if group is None:
            return True
        member = group.members.get(peer.instance_id)
        return member is not None and member.lifecycle == IN_SERVICE and member.healthy

    def _balancer(self, arn: str) -> Balancer:
        """Raises Rejected for one that there is not."""
        found = next((b for b in self._cloud.balancers.values() if b.arn == arn), None)
        if found is None:
            raise Rejected(f"target health in {arn}: there is no such target group", "TargetGroupNotFound")
        return found

    def _served(self, arn: str) -> dict[str, Served]:
        balancer = self._balancer(arn)
        # EC2 knows no instance by the address that a target group has (aws/serving.py).
        if balancer.by_address:
            return {}
        kept_from = self._cloud.kept_from(balancer)
        found: dict[str, list[TargetHealth]] = {}
        for instance_id, health in balancer.health.items():
            found.setdefault(self._cloud.machines[instance_id].zone, []).append(health)
        healthy = {zone: all_.count(TargetHealth.HEALTHY) * (zone != kept_from) for zone, all_ in found.items()}
        return {zone: Served(len(all_), healthy[zone]) for zone, all_ in found.items()}

    def _observation(
        self,
        machine: Machine,
        targets: tuple[Target, ...] = (),
        peers: Peers | None = None,
        silenced: bool = False,
    ) -> Observation:
        shown = machine.shown
        return Observation(
            instance_id=machine.instance_id,
            observed_at=self._cloud.time.now,
            state=shown.state,
            launched_at=shown.launched_at,
            tags=machine.tags,
            zone=machine.zone,
            instance_type=machine.instance_type,
            lifecycle="spot" if Trait.SPOT in machine.traits else "",
            state_reason_code=shown.reason_code,
            state_reason=shown.reason,
            transition_reason=shown.transition_reason,
            checks=self._checks(machine, silenced) if shown.state is InstanceState.RUNNING else None,
            targets=targets,
            peers=peers,
            traits=described_of(*kind_of(machine)),
        )

    def _checks(self, machine: Machine, silenced: bool) -> Checks:
        checks = self._own_checks(machine)
        announced = [_event(f) for f in machine.faults if f.fault.kind in ANNOUNCED and f.lasting]
        if not announced and machine.application is None:
            return checks
        events, system, instance, ebs = tuple(announced), checks.system, checks.instance, checks.attached_ebs
        if machine.application is None:
            return Checks(system, instance, ebs, events=events)
        check, counts = machine.application, _counts(machine.application, silenced, self._cloud.time.now)
        since = check.since if check.status is CheckStatus.IMPAIRED else None
        application, beneath = Check(counts, since if counts is CheckStatus.IMPAIRED else None), NOT_APPLICABLE
        if counts is CheckStatus.SUPPRESSED:
            beneath = Check(check.status, since)
        return Checks(system, instance, ebs, application, beneath, events)

    def _own_checks(self, machine: Machine) -> Checks:
        """EC2's own: the same while it shows the same view."""
        view, shown = self._checked.get(machine.instance_id), machine.shown
        if view is None or view[0] is not shown:
            of_view = Checks(_check(shown.system), _check(shown.instance), _check(shown.attached_ebs))
            view = self._checked[machine.instance_id] = (shown, of_view)
        return view[1]

    def _suspect(self, machine: Machine) -> Observation | None:
        """What the sweep says of it, if one of its questions names it (aws/suspects.py)."""
        balancer = self._cloud.balancer_of(machine)
        asked = balancer is not None and balancer.asked
        failing = asked and balancer is not None and balancer.health.get(machine.instance_id) is TargetHealth.UNHEALTHY
        if self._is_suspect(machine):
            return self._observation(machine, self._targets(machine, ()) if failing else ())
        return replace(self._observation(machine, self._targets(machine, ())), checks=PRESUMED) if failing else None

    def _is_suspect(self, machine: Machine) -> bool:
        shown = machine.shown
        if shown.state is not InstanceState.RUNNING:
            return shown.state not in GONE
        application = machine.application
        if application is not None and application.shown(self._cloud.time.now) is CheckStatus.IMPAIRED:
            return True
        return shown.worst is not CheckStatus.OK or _is_announced(machine)

    def _membership(self, observation: Observation) -> Membership | None:
        return membership.membership_of(self._scaling, observation, self._cloud.policy.opt_in)

    def _by_address(self, machine: Machine, service: Service) -> tuple[str, ...]:
        """The group that has its address, if its service names that group (aws/targets.py)."""
        balancer = self._cloud.balancer_of(machine)
        if balancer is None or not balancer.by_address:
            return ()
        return tuple(group.name for group in service.target_groups if group.arn == balancer.arn)

    def _targets(self, machine: Machine, registrations: Sequence[Registration]) -> tuple[Target, ...]:
        balancer = self._cloud.balancer_of(machine)
        if balancer is None or balancer.by_address:
            return ()
        registration, manageable = Registration(balancer.arn, 80), balancer.manageable
        health = balancer.health.get(machine.instance_id)
        if health is not None:
            shown = shown_health(health, balancer.spec)
            return (Target(registration, shown, SAID.get(health, ""), manageable),)
        return (Target(registration, TargetHealth.UNUSED, NOT_REGISTERED, manageable),) if registrations else ()

    def _with_others(self, machine: Machine, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        """Which others serve, where the machine is registered."""
        balancer = self._cloud.balancer_of(machine)
        if balancer is None or machine.instance_id not in balancer.health:
            return targets
        others = self._cloud.others_serving(balancer, machine.instance_id)
        return tuple(replace(target, others_healthy=len(others), others=others) for target in targets)


def _counts(check: ApplicationCheck, silenced: bool, now: datetime) -> CheckStatus:
    """A suppression is only asked for where Defib has made one (aws/application.py)."""
    return check.shown(now) if silenced else check.summary(now)


def _is_well(machine: Machine, targets: Sequence[Target], silenced: bool, cloud: Cloud) -> bool:
    if machine.shown.state is not InstanceState.RUNNING or machine.shown.worst is not CheckStatus.OK:
        return False
    check = machine.application
    if check is not None and _counts(check, silenced, cloud.time.now) not in (
        CheckStatus.OK,
        CheckStatus.NOT_APPLICABLE,
    ):
        return False
    return not _is_announced(machine) and all(target.health is TargetHealth.HEALTHY for target in targets)


def _is_announced(machine: Machine) -> bool:
    """Whether AWS tells of an event ahead."""
    return any(f.lasting and f.fault.kind in ANNOUNCED for f in machine.faults)


def _check(view: CheckView) -> Check:
    return OK if view.status is CheckStatus.OK else Check(view.status, view.impaired_since)


def _event(active: ActiveFault) -> Event:
    fault = active.fault
    if fault.kind is FaultKind.EVENT_ANNOUNCED:
        return Event(fault.event.value, active.struck_at + fault.due_in)
    lasts = fault.lasts or timedelta(0)
    return Event(EventCode.MAINTENANCE.value, active.struck_at, active.struck_at + lasts if lasts else None)
