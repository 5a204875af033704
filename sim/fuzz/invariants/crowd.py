"""Where more fail than can be looked at: each must be counted, and by then people must have been told how many wait."""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core.detection import MINUTE
from defib.core.model import CheckStatus
from sim.fuzz.invariants.care import is_opted_in, service_of
from sim.fuzz.invariants.planned import kept_until
from sim.fuzz.invariants.truth import Truth
from sim.machine import Machine
from sim.scenario_value import Trait

FOUND_WITHIN = timedelta(minutes=2)


def is_counted(machine: Machine, since: datetime, truth: Truth) -> bool:
    """Whether what Defib remembers says that ``machine`` fails, though nobody has looked at it since it does.

    That is enough where many fail: its open case says so, an outage of it is planned, or it is among those of its
    service that wait for their first look. A count that is too low counts for none of them.
    """
    whole = truth.store.whole
    case = truth.store.latest_case(machine.instance_id)
    if case is not None and case.closed_at is None:
        return whole.failing > 0 and case.healthy_since is None
    if _planned(machine, since, truth):
        return True
    if whole.crowd is None:
        return False
    now, service = truth.time.now, service_of(truth.policy, machine.tags)
    waiting = whole.crowd.waiting.get(service.name, 0) if service is not None else 0
    told = whole.crowd.incident > 0 or now - whole.crowd.since < FOUND_WITHIN
    others = (m for m in truth.cloud.members.get(service.name if service is not None else "", ()))
    return told and waiting >= sum(waits(other, now - FOUND_WITHIN, truth) for other in others)


def waits(machine: Machine, before: datetime, truth: Truth) -> bool:
    """Whether it has failed since ``before``, in a zone that works, without a case."""
    views = (machine.shown.system, machine.shown.instance, machine.shown.attached_ebs)
    since = [v.impaired_since for v in views if v.status is CheckStatus.IMPAIRED and v.impaired_since]
    if (
        not since
        or max(min(since), boots_until(machine, truth)) > before
        or not is_opted_in(truth.policy, machine.tags)
    ):
        return False
    if truth.store.whole.impairment(machine.zone) is not None or _planned(machine, before, truth):
        return False
    case = truth.store.latest_case(machine.instance_id)
    return case is None or case.closed_at is not None


def boots_until(machine: Machine, truth: Truth) -> datetime:
    """Until when a failure since its launch may only show that it boots: of what is started again, and of Windows."""
    slow = machine.stopped_before or Trait.WINDOWS in machine.traits
    return machine.shown.launched_at + (truth.policy.repair.restart_trial if slow else timedelta(0))


def sets_up_until(machine: Machine, truth: Truth) -> datetime:
    """Until when its application may only not be there yet."""
    service = service_of(truth.policy, machine.tags)
    return machine.shown.launched_at + (service.verify.timeout if service is not None else timedelta(0))


def _planned(machine: Machine, since: datetime, truth: Truth) -> bool:
    """Whether an outage of it is planned now, or was at one of the sweeps since."""
    service = service_of(truth.policy, machine.tags)
    times = (since, truth.time.now - MINUTE, truth.time.now)
    return service is not None and any(kept_until(truth.policy, service, machine.tags, at) for at in times)
