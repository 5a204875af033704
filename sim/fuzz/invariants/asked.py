"""Where load balancers are asked between sweeps, an unhealthy target is looked at about so soon."""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core.detection import MINUTE
from defib.core.model import InstanceState, TargetHealth
from defib.core.policy import ApplicationRemedy, Policy
from sim.fuzz.invariants.care import is_opted_in, service_of
from sim.fuzz.invariants.crowd import sets_up_until
from sim.fuzz.invariants.truth import Truth
from sim.machine import Machine

DELIVERY = timedelta(seconds=5)
"""What a question takes from its time to the look that follows from it."""
FEW = 15
"""So many at once are looked at by the same sweep in any case."""


def is_asked(policy: Policy, arn: str) -> bool:
    """Whether the target group is asked between sweeps: a service that heals a dead application names it."""
    heals = [s for s in policy.services if s.application_down in (ApplicationRemedy.REBOOT, ApplicationRemedy.RESTART)]
    named = any(group.arn == arn for service in heals for group in service.target_groups)
    return named and policy.detection.targets_every < MINUTE


class AskedJudge:
    """Watches every target of a group that is asked, from the moment at which its load balancer calls it unhealthy."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._looked: dict[str, datetime] = {}
        self._unhealthy: dict[str, datetime] = {}
        self._swept: datetime | None = None

    def looked(self, instance_id: str) -> None:
        self._looked[instance_id] = self._truth.time.now

    def swept(self) -> None:
        """A sweep has run to its end: from now on its questions are on their way."""
        self._swept = self._truth.time.now

    def unhealthy(self, machine: Machine) -> None:
        """Its load balancer has just called it so."""
        truth, detection = self._truth, self._truth.policy.detection
        balancer = truth.cloud.balancer_of(machine)
        asked = balancer is not None and balancer.asked and is_asked(truth.policy, balancer.arn)
        if not asked or self._swept is None:
            return
        since = self._unhealthy[machine.instance_id] = truth.time.now
        truth.time.after(detection.targets_every + DELIVERY, lambda: self._found(machine, since))

    def _found(self, machine: Machine, since: datetime, excused: bool = False) -> None:
        truth = self._truth
        looked = self._looked.get(machine.instance_id)
        if not self._still(machine, since) or (looked is not None and looked >= since):
            return
        case = truth.store.latest_case(machine.instance_id)
        known = case is not None and case.closed_at is None
        whole = truth.store.whole
        if self._swept is not None and truth.time.now < self._swept + DELIVERY and not excused:
            # What a sweep has just found is on its way; until then the looks may have been shared out.
            truth.time.after(DELIVERY, lambda: self._found(machine, since, excused=True))
            return
        # The sweeps share out the looks then.
        crowded = whole.impaired or whole.crowd is not None or len(truth.cloud.troubled) > FEW
        # The questions were sent by a sweep of the minute before.
        if known or crowded or truth.time.now < sets_up_until(machine, truth) or not truth.calm(since - MINUTE):
            return
        if truth.struck_since(since - MINUTE) and not excused:
            # A call that has failed may have taken a minute's questions with it: then the next sweep finds it.
            truth.time.after(MINUTE, lambda: self._found(machine, since, excused=True))
            return
        took = truth.time.now - since
        truth.breaks("found", f"{machine.name} is called unhealthy, and for {took} nobody has looked at it")

    def _still(self, machine: Machine, since: datetime) -> bool:
        """Whether it has been an unhealthy target in Defib's care all the while."""
        truth = self._truth
        balancer = truth.cloud.balancer_of(machine)
        health = balancer.health.get(machine.instance_id) if balancer is not None else None
        ours = is_opted_in(truth.policy, machine.tags) and service_of(truth.policy, machine.tags) is not None
        runs = machine.shown.state is InstanceState.RUNNING
        lasts = self._unhealthy.get(machine.instance_id) == since and health is TargetHealth.UNHEALTHY
        return ours and runs and lasts
