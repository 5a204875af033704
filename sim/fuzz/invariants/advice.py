"""What people are told to do can be done: nobody stops and starts a Spot Instance, Defib neither."""

from __future__ import annotations

from defib.core.incident import Notice, NoticeKind
from defib.core.membership import GROUP_TAG
from sim.fuzz.invariants.truth import Truth
from sim.scenario_value import Trait

REFUSED = ("aws ec2 stop-instances", "In the maintenance window from")
"""The commands, and how it begins what Defib itself does."""


def can_be_done(notice: Notice, truth: Truth) -> None:
    """Somebody reads what AWS has announced of an instance, and what is to be done before."""
    machine = truth.cloud.machines.get(notice.instance_id)
    if machine is None or Trait.SPOT not in machine.traits or GROUP_TAG in machine.tags:
        return
    if notice.kind is NoticeKind.PLANNED and any(said in notice.body for said in REFUSED):
        truth.breaks("reasons", f"people read that {machine.name} is to be stopped and started, a Spot Instance")
