"""Where load balancers are asked between sweeps, an unhealthy target is looked at about so soon."""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core.detection import MINUTE
from defib.core.model import InstanceState, TargetHealth
from defib.core.rationing import AT_ONCE
from sim.fuzz.invariants.crowd import sets_up_until
from sim.fuzz.invariants.truth import Truth
from sim.machine import Machine

DELIVERY = timedelta(seconds=5)
"""What a question takes from its time to the look that follows from it."""


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
        asked = balancer is not None and balancer.asked and balancer.arn in truth.policy.asked_groups
        if detection.asks == 0 or not asked or self._swept is None:
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
        crowded = whole.impaired or whole.crowd is not None or len(truth.cloud.troubled) > AT_ONCE
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
        ours = truth.policy.opted_in(machine.tags) and truth.policy.service_of(machine.tags) is not None
        runs = machine.shown.state is InstanceState.RUNNING
        lasts = self._unhealthy.get(machine.instance_id) == since and health is TargetHealth.UNHEALTHY
        return ours and runs and lasts
