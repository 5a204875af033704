"""How much at once: what no act may exceed, counted anew from the machines at the moment of the act."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from defib.core.case import Action, Attempt, Case
from defib.core.membership import GROUP_TAG
from defib.core.model import Cause, TargetHealth
from defib.core.percent import Percent
from defib.core.policy import Service
from sim.fuzz.invariants.tried import is_begun, is_changed, last, under_way
from sim.fuzz.invariants.truth import Truth
from sim.machine import Machine

TAKES_AWAY = frozenset({Action.REBOOT, Action.DRAIN, Action.STOP, Action.ENTER_STANDBY, Action.REPLACE})
GIVES_BACK = frozenset({Action.RESTORE, Action.EXIT_STANDBY, Action.RESUME_CHECK})
TAKEN_BACK = frozenset({"observe_mode", "owned_by_others"})
"""Guards of what others have in hand."""
WINDOW = timedelta(minutes=10)
"""Of limits.rate (docs/configuration.md)."""


class LimitsJudge:
    """Counts what Defib has begun."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._taken: dict[str, str] = {}
        """Instance to service: what Defib has begun to take away, until its case is over."""
        self._open: dict[str, Case] = {}
        """Instance to its newest case as it was last written, while that is open."""
        self._begun: dict[str, datetime] = {}
        """Case to its first act."""
        self._taken_up: dict[str, tuple[str, ...]] = {}
        """Case to what its first act would have exceeded when it was taken up, whether or not it was carried out."""
        self._waited: set[str] = set()
        """Cases that were, since their last act, held or idle with nothing kept from their instance, or people's."""
        self._healed: dict[str, list[datetime]] = {}
        """Instance to when its cases were healed."""
        self._replaced: dict[str, dict[str, datetime]] = {}
        """Group to those of its new members that it was to replace, and when that was decided."""
        self._cleared: dict[str, datetime] = {}
        """Group to when a member that was held has last been found well: what was decided before counts no more."""

    def act(self, attempt: Attempt, case: Case, machine: Machine, service: Service) -> None:
        if attempt.action in TAKES_AWAY:
            self._within_service(attempt, machine, service)
            self._taken[machine.instance_id] = service.name
        if attempt.action is Action.REPLACE:
            self._of_the_group(attempt, machine)
        if attempt.action not in GIVES_BACK and case.handed_over_at is None:
            self._of_the_case(attempt, case)
        if attempt.action in TAKES_AWAY and case.id in self._waited and case.id in self._begun:
            self._exceeds(self._over_share(attempt, case))
        if attempt.action is not Action.EVIDENCE:
            # Evidence keeps it from nothing: another may have had the place between that and the act.
            self._waited.discard(case.id)
        if case.id not in self._begun:
            # What people have in hand was begun before, though perhaps no call of it was ever carried out; and so was
            # what nobody knows of whether it was carried out: it keeps its place, though fewer instances run by now.
            if case.handed_over_at is None:
                self._exceeds(self._taken_up.get(case.id, ()) if is_changed(case) else self._over_stack(attempt, case))
            # A repair begins when it is decided; the call may be refused for a while before it is let through.
            self._begun[case.id] = next(a.intended_at for a in case.attempts if a.action is not Action.EVIDENCE)

    def remembered(self, case: Case) -> None:
        """A case has been written: one that waits, or is people's, gives up its part of what is under repair."""
        newest = self._truth.store.latest_case(case.instance_id)
        if newest is not None and newest.closed_at is None:
            self._open[case.instance_id] = newest
        else:
            self._open.pop(case.instance_id, None)
        waits = (case.held_by or _is_back(case)) and (newest is None or not self._away(newest))
        # What somebody else, or observe mode, has taken from Defib in the middle of its repair is theirs, and so is
        # what was handed over: should Defib take it back, it has a place from its next act.
        if waits or case.held_by in TAKEN_BACK or case.handed_over_at is not None:
            self._waited.add(case.id)
        first = under_way(case)
        claimed = first is not None and first.action is not Action.EVIDENCE and first.claimed_at is not None
        if first is not None and claimed and case.id not in self._begun and not is_changed(case):
            self._taken_up[case.id] = self._over_stack(first, case)

    def healed(self, case: Case) -> None:
        """One more case of the instance is over because Defib has cured it; a planned restart has cured nothing."""
        if case.confirmed_cause is Cause.EVENT_SCHEDULED:
            return
        self._healed.setdefault(case.instance_id, []).append(self._truth.time.now)

    def works_after_all(self, case: Case) -> None:
        """A member that was held is well again, by itself or by Defib."""
        if self._truth.works(self._truth.cloud.machines[case.instance_id]):
            self._replaced.pop(case.group, None)
            self._cleared[case.group] = self._truth.time.now

    def _of_the_group(self, attempt: Attempt, machine: Machine) -> None:
        """Where each new member fails like the one before it, the next would too."""
        truth, limits, at = self._truth, self._truth.policy.limits, attempt.intended_at
        group = truth.cloud.scaling.groups[machine.tags[GROUP_TAG]]
        known = self._replaced.setdefault(group.spec.name, {})
        # What was refused, or lost on its way there, has replaced nobody.
        gone = {i for i in known if i not in group.members or not group.members[i].healthy}
        lately = [i for i in gone - {machine.instance_id} if at - known[i] < limits.group_window]
        if len(lately) >= limits.group_replacements:
            what = f"{attempt.action} on {machine.name}: {len(lately)} new members of its group were replaced"
            truth.breaks("limits", f"{what} within {limits.group_window}")
        cleared = self._cleared.get(group.spec.name)
        if at - machine.launched_at < limits.group_window and (cleared is None or at >= cleared):
            known[machine.instance_id] = at

    def _within_service(self, attempt: Attempt, machine: Machine, service: Service) -> None:
        action, breaks = attempt.action, self._truth.breaks
        ours = [case for i, case in self._open.items() if self._taken.get(i) == service.name]
        others = [c.instance_id for c in ours if c.instance_id != machine.instance_id and self._away(c)]
        if len(others) >= service.concurrent_repairs:
            breaks("limits", f"{action} on {machine.name}: {len(others)} others of {service.name} are under repair")
        if service.minimum_healthy != 0 or service.replicated:
            self._enough_left(attempt, machine, service, others)
        balancer = self._truth.cloud.balancer_of(machine)
        serves = balancer is not None and balancer.health.get(machine.instance_id) is TargetHealth.HEALTHY
        # Of whatever service they are. One that was held, and works by then, is only watched.
        busy = {i for i, c in self._open.items() if self._away(c) and c.id not in self._waited}
        if balancer is None or balancer.by_address:
            return
        if serves and self._truth.cloud.others_serving(balancer, machine.instance_id) <= busy:
            breaks("limits", f"{action} on {machine.name}, the last healthy target that is not under repair")

    def _enough_left(self, attempt: Attempt, machine: Machine, service: Service, others: Sequence[str]) -> None:
        """``others`` are under repair: none is counted on, whatever EC2 says of it."""
        action, breaks = attempt.action, self._truth.breaks
        peers = self._truth.seen.peers(machine, service)
        count = peers.running + peers.not_running
        floor = _floor(service, count + 1)
        left = len(peers.healthy_ids.difference(others))
        if left < floor:
            breaks("limits", f"{action} on {machine.name}: {left} others healthy, {floor} required")
        if service.replicated and (others or peers.healthy < count):
            breaks("limits", f"{action} on {machine.name}: {peers.healthy} of {count} replicas are healthy")

    def _exceeds(self, found: Sequence[str]) -> None:
        for what in found:
            self._truth.breaks("limits", what)

    def _over_stack(self, attempt: Attempt, case: Case) -> tuple[str, ...]:
        truth, limits = self._truth, self._truth.policy.limits
        lately = sum(1 for at in self._begun.values() if truth.time.now - at < WINDOW)
        over = (f"{attempt.action} on {case.name}: {lately} repairs begun within 10 minutes",)
        return (*(over if lately >= limits.rate else ()), *self._over_share(attempt, case))

    def _over_share(self, attempt: Attempt, case: Case) -> tuple[str, ...]:
        truth, limits = self._truth, self._truth.policy.limits
        open_ones = sum(1 for i, c in self._open.items() if i != case.instance_id and self._has_a_place(c))
        # Those that run were counted within the last ten minutes; no more than there are were ever counted.
        there = len(truth.cloud.machines)
        most = max(1, min(truth.store.whole.running or 0, there) * limits.share // 100)
        over = (f"{attempt.action} on {case.name}: {open_ones} under repair, {most} allowed",)
        return over if open_ones >= most else ()

    def _has_a_place(self, case: Case) -> bool:
        """Whether it takes part of the share.

        What was held has none until the next act. Where it works by then Defib keeps it from nothing, and only watches.
        One that its group terminates serves nobody, though Defib has done its part.
        """
        away = self._away(case) or (case.idle and not _is_back(case))
        return case.instance_id in self._taken and case.id not in self._waited and away

    def _of_the_case(self, attempt: Attempt, case: Case) -> None:
        truth, repair = self._truth, self._truth.policy.repair
        if attempt.number > repair.attempts:
            truth.breaks("limits", f"{attempt.action} on {case.name} is attempt {attempt.number} of its case")
        began = case.resumed_at or case.confirmed_at
        if began is not None and truth.time.now - began > repair.case_age + repair.act_timeout:
            truth.breaks("limits", f"{attempt.action} on {case.name}, {truth.time.now - began} after it was found")
        heals = [at for at in self._healed.get(case.instance_id, ()) if at < case.opened_at]
        # What AWS has announced is avoided as often as it announces something.
        planned = case.confirmed_cause is Cause.EVENT_SCHEDULED
        if len(heals) >= repair.heals_a_day and not planned:
            truth.breaks("limits", f"{attempt.action} on {case.name}, which was healed {len(heals)} times today")

    def _away(self, case: Case) -> bool:
        """Whether Defib keeps it from serving: from the first act that takes away until its case is over.

        One that is held after a reboot that did not help fails by itself; one that is drained or stopped is away still.
        """
        if case.closed_at is not None or case.handed_over_at is not None or not is_begun(case) or case.idle:
            return False
        drained, restored = last(case, Action.DRAIN), last(case, Action.RESTORE)
        out = drained is not None and (restored is None or restored.number < drained.number)
        return not case.held_by or out or case.instance_id in self._truth.stopped


def _is_back(case: Case) -> bool:
    """Whether it was moved, and only AWS's list of events has yet to hear of it."""
    return case.idle and last(case, Action.REPLACE) is None


def _floor(service: Service, instances: int) -> int:
    """How many others must be healthy; a share is rounded up."""
    floor = service.minimum_healthy
    return -(-instances * floor.value // 100) if isinstance(floor, Percent) else floor
