"""Whose tags give it to another service is that one's: its old people are not asked on, and its new ones hear of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core.case import Action, Attempt, Case
from defib.core.incident import Notice, NoticeKind
from defib.core.model import CheckStatus, InstanceState, Verdict
from sim.faults import FaultKind
from sim.fuzz.invariants.care import is_opted_in, service_of
from sim.fuzz.invariants.crowd import FOUND_WITHIN, waits
from sim.fuzz.invariants.ends import LOOK_MOST, at_rest
from sim.fuzz.invariants.tried import is_begun
from sim.fuzz.invariants.truth import Truth
from sim.machine import Machine

LET_GO_WITHIN = timedelta(hours=1) + FOUND_WITHIN
"""How often what waits for an announced event is looked at, and a sweep."""
AGAIN = timedelta(minutes=5)
A_LOOK = timedelta(minutes=1)
"""What was decided before its next look nobody could have known."""
ASKS = frozenset({NoticeKind.ESCALATED, NoticeKind.APPROVAL})
NEWLY_STARTED = timedelta(hours=1)
"""What EC2 announces of an instance since its start may be about the host before."""


class RetaggedJudge:
    """Knows what was given to another service, or to none, and when."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._given: dict[str, datetime] = {}
        """By instance, since when it is another's."""
        self._open: set[str] = set()
        """Those of which it is yet to be seen what becomes of them."""

    def retagged(self, machine: Machine) -> None:
        """Somebody has just changed its service's tags."""
        since = self._given[machine.instance_id] = self._truth.time.now
        self._open.add(machine.instance_id)
        self._truth.time.after(LOOK_MOST + FOUND_WITHIN, lambda: self._is_let_go(machine, since))

    def act(self, attempt: Attempt, case: Case) -> None:
        """What was put back is there."""
        truth, balancer = self._truth, self._truth.cloud.balancer_of(self._truth.cloud.machines[case.instance_id])
        if attempt.action is not Action.RESTORE or balancer is None or case.instance_id in balancer.drained_at:
            return
        before = [a for a in case.attempts if a.action is Action.RESTORE and a.number < attempt.number]
        done = any(a.result is not None and a.result.verdict is Verdict.DONE for a in before[-1:])
        if done and case.instance_id in balancer.health:
            truth.breaks("needless", f"{attempt.action} on {case.name}, which its target group has again")

    def remembered(self, case: Case) -> None:
        """A case has been written: what it has of an instance that is another's ends, and the next one begins."""
        if case.instance_id not in self._given or case.closed_at is None:
            return
        machine, since = self._truth.cloud.machines[case.instance_id], self._truth.time.now
        self._truth.time.after(2 * FOUND_WITHIN, lambda: self._is_taken_up(machine, case, since))

    def heard(self, notice: Notice) -> None:
        """People read a message: those of the old service are asked for nothing but the end of what Defib has begun."""
        since, truth = self._given.get(notice.instance_id), self._truth
        case = truth.store.latest_case(notice.instance_id)
        if since is None or case is None or case.id != notice.case_id or notice.kind not in ASKS:
            return
        machine = truth.cloud.machines[notice.instance_id]
        owner = service_of(truth.policy, machine.tags)
        its_own = owner is not None and owner.name == notice.service
        ends = is_begun(case) and (case.handed_over_at is None or notice.at <= case.handed_over_at)
        if its_own or ends or notice.at - since < A_LOOK or self._is_owed(machine, case) or not truth.calm(since):
            return
        truth.breaks("told", f"{notice.service} is asked for {machine.name}, which its tags have given to another")

    def settled(self) -> bool:
        return not self._open

    def _is_let_go(self, machine: Machine, since: datetime) -> None:
        """The old service has nothing of it any more, but what Defib owes it."""
        truth, case = self._truth, self._truth.store.latest_case(machine.instance_id)
        owner = service_of(truth.policy, machine.tags)
        over = case is None or case.closed_at is not None or (owner is not None and owner.name == case.service)
        if self._given[machine.instance_id] != since or over or case is None or not truth.calm(since):
            self._open.discard(machine.instance_id)
            return
        waited = truth.time.now - since
        if waited < LET_GO_WITHIN or not at_rest(case) or self._is_owed(machine, case):
            truth.time.after(AGAIN, lambda: self._is_let_go(machine, since))
            return
        self._open.discard(machine.instance_id)
        truth.breaks("ends", f"{case.id} goes on for {waited}, though its tags give {machine.name} to another service")

    def _is_owed(self, machine: Machine, case: Case) -> bool:
        """Whether Defib has stopped it, or taken what works out of its target group, and has not given that back."""
        balancer = self._truth.cloud.balancer_of(machine)
        drained = any(a.action is Action.DRAIN for a in case.attempts)
        out = drained and balancer is not None and machine.instance_id not in balancer.health
        works = machine.shown.worst is CheckStatus.OK
        return machine.state is not InstanceState.RUNNING or (out and works)

    def _is_taken_up(self, machine: Machine, old: Case, since: datetime) -> None:
        """Nobody calls for it any more, and the new service's people hear of what fails, or AWS has announced."""
        truth, owner = self._truth, service_of(self._truth.policy, machine.tags)
        if not truth.calm(since) or truth.struck_since(since):
            return
        incident = truth.store.latest_incident(old.service)
        call = incident.call if incident is not None else None
        if call is not None and any(want.about == old.id for want in call.wants):
            truth.breaks("called", f"people of {old.service} are called for {old.id}, which is over")
        if owner is None or truth.store.whole.crowd is not None:
            return
        if waits(machine, since, truth):
            truth.breaks("found", f"{machine.name} fails, and nobody looks at it as one of {owner.name}'s")
        if self._is_foretold(machine, since):
            notices = truth.store.notices.values()
            ours = (n for n in notices if n.service == owner.name and machine.instance_id in n.body)
            if not any(n.kind is NoticeKind.PLANNED for n in ours):
                truth.breaks("told", f"AWS announces work on {machine.name}, and nobody of {owner.name} hears of it")

    def _is_foretold(self, machine: Machine, since: datetime) -> bool:
        """Whether it works, and AWS has announced something that is ahead."""
        truth, now = self._truth, self._truth.time.now
        old = machine.shown.launched_at + NEWLY_STARTED <= since
        if not old or not truth.works(machine) or not is_opted_in(truth.policy, machine.tags):
            return False
        announced = (f for f in machine.lasting if f.fault.kind is FaultKind.EVENT_ANNOUNCED)
        return any(f.struck_at <= since and f.struck_at + f.fault.due_in > now for f in announced)
