"""What an Auto Scaling group is moving, or keeps in its warm pool, is in its hands."""

from __future__ import annotations

from defib.core.case import Action, Attempt, Case
from defib.core.membership import GROUP_TAG
from defib.core.model import Cause, InstanceState
from sim.fuzz.invariants.measures import TERMINATES_WITHIN
from sim.fuzz.invariants.truth import Truth
from sim.machine import Machine
from sim.physics import HIBERNATED, PERSON
from sim.scaled import PENDING, TERMINATING

HARMLESS = frozenset({Action.EVIDENCE, Action.EXIT_STANDBY, Action.RESUME_CHECK})
"""What is only read, and what is given back: to return to service what returns already changes nothing."""

BY_ITS_GROUP = (HIBERNATED[0], PERSON[0])
FALLEN = (Cause.STOPPED_BY_DEFIB, Cause.STOPPED_UNASKED)
"""A stopped instance that is to run."""


def left_to_its_group(truth: Truth, attempt: Attempt, machine: Machine) -> None:
    """No act on what a lifecycle hook may hold on its way in or out, nor on what waits in a warm pool."""
    group = truth.cloud.scaling.groups.get(machine.tags.get(GROUP_TAG, ""))
    if group is None or attempt.action in HARMLESS:
        return
    if machine.instance_id in group.pool:
        truth.breaks("consent", f"{attempt.action} on {machine.name}, which is in the warm pool of its group")
    member = group.members.get(machine.instance_id)
    if member is not None and member.lifecycle.startswith((PENDING, TERMINATING)):
        truth.breaks("consent", f"{attempt.action} on {machine.name}, which is {member.lifecycle} in its group")


def leaves_its_group(truth: Truth, case: Case) -> bool:
    """Whether its group is terminating it: a hook may hold that up for longer than a repair takes."""
    group = truth.cloud.scaling.groups.get(case.group)
    member = group.members.get(case.instance_id) if group is not None else None
    lately = case.confirmed_at is not None and truth.time.now < case.confirmed_at + TERMINATES_WITHIN
    return lately and member is not None and member.is_leaving


class GroupedJudge:
    """Watches what cases say of instances in warm pools."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth

    def remembered(self, case: Case) -> None:
        """What a group itself has stopped in its warm pool has not failed: nobody misses it."""
        machine = self._truth.cloud.machines[case.instance_id]
        stopped = machine.shown.state is InstanceState.STOPPED and machine.shown.reason_code in BY_ITS_GROUP
        if stopped and case.cause in FALLEN and self._truth.cloud.scaling.waits_in_pool(machine):
            self._truth.breaks("needless", f"{machine.name} is taken for failed, which its group keeps in a warm pool")
