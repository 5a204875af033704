"""What no act may destroy, and into whose hands none may reach."""

from __future__ import annotations

from datetime import timedelta

from defib.core.case import Action, Attempt
from defib.core.limits import HealthIssue
from defib.core.membership import IN_SERVICE, GroupMember
from defib.core.model import Cause, CheckStatus, InstanceState
from defib.core.policy import Service
from defib.core.service import Service as _Service
from sim.faults import FaultKind
from sim.fuzz.invariants.limits import TAKES_AWAY
from sim.fuzz.invariants.truth import Truth
from sim.machine import Machine
from sim.scaled import Scaled
from sim.scenario_value import Trait
from sim.traits import LOCAL_DISKS, is_recovered

DELIVERED = timedelta(minutes=2)
"""Within so long what somebody says, be it a person or AWS, is known where nothing goes wrong with its message."""
LOOKED_AT = timedelta(seconds=10)
"""From the last look at an instance to the act itself, at most."""
POWER = (Action.STOP, Action.FORCE_STOP, Action.SKIP_OS_SHUTDOWN)
BEGINS_A_STOP = (Action.ENTER_STANDBY, Action.DRAIN)
"""What is done for nothing but a stop after it."""


def nothing_lost(truth: Truth, attempt: Attempt, machine: Machine, service: Service) -> None:
    """No stop of what is protected, or that loses data or an address without leave; nothing that a group undoes."""
    action = attempt.action
    if action in POWER and Trait.STOP_PROTECTION in machine.traits:
        truth.breaks("hazards", f"{action} on {machine.name}, which is protected")
    if action in POWER[1:] and Trait.WINDOWS in machine.traits and not service.allow_windows_force_stop:
        truth.breaks("hazards", f"{action} on {machine.name}, which runs Windows")
    if action is Action.SKIP_OS_SHUTDOWN and not service.allow_skip_os_shutdown:
        truth.breaks("hazards", f"{action} on {machine.name} without leave")
    if action in (*BEGINS_A_STOP, *POWER, Action.START) and Trait.SPOT in machine.traits:
        truth.breaks("hazards", f"{action} on {machine.name}, which is EC2's to stop and start")
    own = truth.store.latest_case(machine.instance_id)
    types = (*service.fallback_types, own.instance_type if own is not None else "")
    if action is Action.RESIZE and attempt.to not in types:
        truth.breaks("hazards", f"{action} of {machine.name} to {attempt.to}")
    balancer = truth.cloud.balancer_of(machine)
    if action is Action.DRAIN and balancer is not None and not balancer.manageable:
        truth.breaks("consent", f"{action} of {machine.name}, whose target group is not opted in")
    named = {target_group.arn for target_group in service.target_groups}
    if action in TAKES_AWAY and balancer is not None and balancer.by_address and balancer.arn in named:
        truth.breaks("hazards", f"{action} on {machine.name}, which its target group has by its address")
    if action in (Action.DRAIN, Action.STOP):
        _kept(truth, action, machine, service)
    group = truth.cloud.scaling.groups.get(machine.tags.get("aws:autoscaling:groupName", ""))
    if group is not None:
        _in_its_group(truth, action, machine, service, group)
    _not_against_aws(truth, action, machine)
    _left_to_ec2(truth, action, machine)


def _kept(truth: Truth, action: Action, machine: Machine, service: _Service) -> None:
    if LOCAL_DISKS.match(machine.instance_type) and not service.allow_instance_store_loss:
        truth.breaks("hazards", f"{action} on {machine.name} loses its instance store")
    public = Trait.PUBLIC_IP in machine.traits and Trait.ELASTIC_IP not in machine.traits
    behind = truth.cloud.balancer_of(machine) is not None
    if public and not behind and not service.allow_public_ip_change:
        truth.breaks("hazards", f"{action} on {machine.name} changes its address")
    if public and Trait.SECOND_INTERFACE in machine.traits:
        truth.breaks("hazards", f"{action} on {machine.name} takes its address for good")


def _in_its_group(truth: Truth, action: Action, machine: Machine, service: Service, group: Scaled) -> None:
    member = group.members.get(machine.instance_id)
    in_service = member is not None and member.lifecycle == IN_SERVICE
    if action in POWER and in_service:
        truth.breaks("hazards", f"{action} on {machine.name}: its group terminates what stops in service")
    if action in (Action.REPLACE, Action.ENTER_STANDBY):
        if not group.spec.opted_in:
            truth.breaks("consent", f"{action} on {machine.name}, whose group is not opted in")
        if service.group_member is GroupMember.LEAVE:
            truth.breaks("consent", f"{action} on {machine.name}, a member that is to be left alone")
    if action is Action.ENTER_STANDBY and group.desired <= group.spec.minimum:
        truth.breaks("limits", f"{action} on {machine.name}: its group is at its minimum")
    check = machine.application
    counts = check is not None and check.shown(truth.time.now) is not CheckStatus.SUPPRESSED
    if action is Action.REBOOT and in_service and counts:
        truth.breaks("hazards", f"{action} on {machine.name}: its group replaces it for its application check")


def _not_against_aws(truth: Truth, action: Action, machine: Machine) -> None:
    if action not in TAKES_AWAY:
        return
    # Of what is stopped EC2 announces nothing, and nothing on its host can be disturbed.
    if machine.state is InstanceState.RUNNING and machine.suffers(FaultKind.AWS_MAINTENANCE) is not None:
        truth.breaks("hazards", f"{action} on {machine.name}, on whose host AWS is at work")
    whole, limits = truth.store.whole, truth.policy.limits
    impairment = whole.impairment(machine.zone)
    if impairment is not None and impairment.incident:
        truth.breaks("hazards", f"{action} on {machine.name} in zone {machine.zone}, which is impaired")
    if limits.health_issue is HealthIssue.HOLD and (
        _knows_of_issue(truth, machine) or _is_told_of_issue(truth, machine)
    ):
        truth.breaks("hazards", f"{action} on {machine.name} while AWS has an open issue")


def _left_to_ec2(truth: Truth, action: Action, machine: Machine) -> None:
    """A host that has failed is left to EC2's own recovery for a while, once EC2 shows that it has, and so is its boot.

    That it boots Defib knows once its instance check alone fails.
    """
    if action not in TAKES_AWAY or not is_recovered(machine):
        return
    since, now, repair = machine.shown.system.impaired_since, truth.time.now, truth.policy.repair
    failed = since if machine.shown.system.status is CheckStatus.IMPAIRED else None
    if failed is not None:
        known = failed + truth.story.scenario.durations.read_lag.most + LOOKED_AT
        if known <= now < failed + repair.auto_recovery_grace:
            truth.breaks("hazards", f"{action} on {machine.name}, which EC2 may be about to recover")
    recovered, own = truth.cloud.recovered.get(machine.instance_id), truth.store.latest_case(machine.instance_id)
    boots = own is not None and own.cause is Cause.INSTANCE_IMPAIRED and own.opened_at < (recovered or now)
    if recovered is not None and boots and now < recovered + repair.reboot_trial:
        truth.breaks("hazards", f"{action} on {machine.name}, which EC2 has just recovered")


def _knows_of_issue(truth: Truth, machine: Machine) -> bool:
    """Whether what Defib remembers says that AWS has an open issue there."""
    for issue in truth.store.whole.issues.known:
        here = not issue.zones or machine.zone in issue.zones
        if here and not issue.over and truth.time.now - issue.said_at < truth.policy.limits.health_issue_hold:
            return True
    return False


def _is_told_of_issue(truth: Truth, machine: Machine) -> bool:
    """Whether AWS has told of one long enough ago that its word has been taken in, with nothing in its way."""
    scenario, now, hold = truth.story.scenario, truth.time.now, truth.policy.limits.health_issue_hold
    for issue in scenario.health_issues:
        told = scenario.start + issue.at
        is_open = told + DELIVERED < now < told + hold and (issue.lasts is None or now < told + issue.lasts)
        if is_open and issue.zone in ("", machine.zone) and truth.calm(told) and not truth.struck_since(told):
            return True
    return False
