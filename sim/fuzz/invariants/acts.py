"""At each act: whether anybody lets Defib touch the instance, whether it was due, and whether it was written first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never

from defib.core.approval import Choice
from defib.core.case import Action, Attempt, Case
from defib.core.model import Cause, CheckStatus, InstanceState, Verdict
from defib.core.policy import Mode, Service
from sim.faults import FaultKind
from sim.fuzz.invariants.care import is_anothers, is_opted_in, service_of
from sim.fuzz.invariants.grouped import left_to_its_group
from sim.fuzz.invariants.limits import GIVES_BACK, TAKES_AWAY, LimitsJudge
from sim.fuzz.invariants.losses import DELIVERED, POWER, nothing_lost
from sim.fuzz.invariants.measures import CLOCKS_APART
from sim.fuzz.invariants.planned import kept_until, outage_until, tagged_until
from sim.fuzz.invariants.tried import done_at, last, under_way
from sim.fuzz.invariants.truth import Truth
from sim.machine import Machine
from sim.scenario import Fault
from sim.scenario_value import Trait

MOMENT = timedelta(seconds=10)
SECOND = timedelta(seconds=1)


class ActsJudge:
    """Is asked before each act reaches EC2."""

    def __init__(self, truth: Truth, limits: LimitsJudge) -> None:
        self._truth = truth
        self._limits = limits
        self._in_flight: dict[tuple[str, str, int], tuple[Action, datetime]] = {}
        """The calls that are being made: to which instance, by which case and attempt, what, and since when."""
        self._made: set[tuple[str, int]] = set()
        """The attempts whose call was made, by their case and number."""
        self._bad_since: dict[str, datetime] = {}
        """Since when EC2, or a load balancer, says that something is wrong with an instance."""
        self._well_since: dict[str, datetime] = {}
        """And since when nothing any more: who decides has looked a moment ago."""
        self._meddled: dict[str, datetime] = {}
        """Cases during whose repair somebody else has started the instance, and when."""
        self._taken_down: set[str] = set()
        """Cases in which Defib has stopped the instance: such a repair is brought to its end."""
        self._stopped_at: dict[str, datetime] = {}
        """When a person has last stopped the instance."""
        self._said: dict[str, list[tuple[datetime, str]]] = {}
        """By case, what people have answered, and when."""

    def act(self, attempt: Attempt, case: Case, looked_at: datetime) -> None:
        """An act is about to reach EC2, for which was looked then. Of what has changed since, nobody can have known.

        Evidence may be given up by then.
        """
        now = self._truth.time.now
        began = self._in_flight.get((case.instance_id, case.id, attempt.number), (attempt.action, now))[1]
        if began < now and attempt.action is Action.EVIDENCE:
            return
        self._intended(attempt, case)
        if began - looked_at > MOMENT and attempt.action is not Action.EVIDENCE:
            self._truth.breaks("needless", f"{attempt.action} on {case.name}, looked at {began - looked_at} before")
        with self._truth.excused(looked_at < now):
            self._judge(attempt, case)

    def _judge(self, attempt: Attempt, case: Case) -> None:
        truth, machine = self._truth, self._truth.cloud.machines[case.instance_id]
        self._patient(attempt, case, machine)
        if attempt.action is Action.EVIDENCE:
            return
        service = truth.policy.service(case.service)
        if service is None:
            truth.breaks("consent", f"{attempt.action} on {machine.name}, whose service is not in the policy")
            return
        self._consented(attempt, case, machine, service)
        self._due(attempt, case, machine)
        nothing_lost(truth, attempt, machine, service)
        left_to_its_group(truth, attempt, machine)
        self._limits.act(attempt, case, machine, service)
        self._note(attempt, machine)

    def answered(self, case_id: str, choice: str) -> None:
        """Somebody says yes or no to the repair, or something else that is no answer to that."""
        self._said.setdefault(case_id, []).append((self._truth.time.now, choice))

    def begun(self, attempt: Attempt, case: Case) -> None:
        """Its call begins; what other processes do before it has ended they do while it is in flight.

        Evidence is only read, and waited for no longer than ``repair.evidence_timeout``.
        """
        here = [a for (instance_id, _, _), (a, _) in self._in_flight.items() if instance_id == case.instance_id]
        if attempt.action is not Action.EVIDENCE and any(action is not Action.EVIDENCE for action in here):
            self._truth.breaks("intent precedes act", f"{attempt.action} on {case.name} while another is in flight")
        self._in_flight[case.instance_id, case.id, attempt.number] = attempt.action, self._truth.time.now

    def over(self, attempt: Attempt, case: Case) -> None:
        """The call has come back, or never will."""
        self._in_flight.pop((case.instance_id, case.id, attempt.number), None)

    def struck(self, fault: Fault, machine: Machine) -> None:
        """Somebody, or AWS, does something to the machine."""
        runs = machine.state is InstanceState.RUNNING
        if fault.kind is FaultKind.STOPPED_BY_PERSON and runs:
            self._stopped_at[machine.instance_id] = self._truth.time.now
            self._truth.stopped_by_person.add(machine.instance_id)
            self._truth.stopped.pop(machine.instance_id, None)
        if fault.kind is FaultKind.STARTED_BY_PERSON and machine.state is InstanceState.STOPPED:
            # Should EC2 not be able to, nobody wants it stopped any more.
            self._truth.stopped_by_person.discard(machine.instance_id)
            case = self._truth.store.latest_case(machine.instance_id)
            intent = under_way(case) if case is not None else None
            # Where Defib starts it at the same moment, or has just done so, nobody can tell whose start it is.
            ours = intent is not None and intent.action is Action.START
            started_at = done_at(last(case, Action.START)) if case is not None else None
            if started_at is not None:
                ours = ours or self._truth.time.now <= started_at + self._truth.policy.repair.settle + MOMENT
            if case is not None and case.closed_at is None:
                # It is stopped, so that whatever was started before has come to nothing.
                self._meddled.pop(case.id, None)
                if not ours:
                    self._meddled[case.id] = self._truth.time.now

    def shown(self, machine: Machine) -> None:
        """EC2, or a load balancer, may say something else of the machine."""
        instance_id = machine.instance_id
        now = self._truth.time.now
        if self._truth.works(machine):
            self._well_since.setdefault(instance_id, now)
        else:
            well = self._well_since.pop(instance_id, None)
            known = now if well is not None and now - well > MOMENT else self._bad_since.get(instance_id, now)
            self._bad_since[instance_id] = min(known, _impaired_since(machine) or known)
        if machine.state is InstanceState.RUNNING and machine.shown.state is InstanceState.RUNNING:
            self._truth.stopped.pop(machine.instance_id, None)
            self._truth.stopped_by_person.discard(machine.instance_id)

    def _note(self, attempt: Attempt, machine: Machine) -> None:
        case = self._truth.store.latest_case(machine.instance_id)
        meddled_at = self._meddled.get(case.id) if case is not None else None
        if case is not None and meddled_at is not None and attempt.action is Action.START:
            # EC2 tells a launch to the second: of two starts within one nobody can tell whose it was.
            apart = meddled_at < attempt.intended_at.replace(microsecond=0)
            self._meddled = {name: at for name, at in self._meddled.items() if apart or name != case.id}
        if attempt.action in POWER and case is not None:
            self._taken_down.add(case.id)
            self._truth.stopped.setdefault(machine.instance_id, self._truth.time.now)
            # Both have asked for it: nobody can tell whose stop it is.
            self._truth.stopped_by_person.discard(machine.instance_id)

    def _intended(self, attempt: Attempt, case: Case) -> None:
        known = self._truth.store.latest_case(case.instance_id)
        intent = under_way(known) if known is not None and known.id == case.id else None
        repair = self._truth.policy.repair
        limit = repair.evidence_timeout if attempt.action is Action.EVIDENCE else repair.act_timeout
        if intent is None or intent.number != attempt.number or intent.claimed_at is None:
            self._truth.breaks("intent precedes act", f"{attempt.action} on {case.name} without a claimed intent")
        elif intent.claimed_at > intent.intended_at + limit:
            self._truth.breaks("intent precedes act", f"{attempt.action} on {case.name}, taken up when it was overdue")
        if (case.id, attempt.number) in self._made:
            self._truth.breaks("intent precedes act", f"{attempt.action} on {case.name} a second time for one intent")
        self._made.add((case.id, attempt.number))

    def _consented(self, attempt: Attempt, case: Case, machine: Machine, service: Service) -> None:
        truth, action, tags, now = self._truth, attempt.action, machine.tags, self._truth.time.now
        if not is_opted_in(truth.policy, tags):
            truth.breaks("consent", f"{action} on {machine.name}, which is not opted in")
        if action in TAKES_AWAY and service_of(truth.policy, tags) is not service:
            truth.breaks("consent", f"{action} on {machine.name} as one of {service.name}, which it is not")
        if is_anothers(tags) or Trait.MANAGED in machine.traits:
            truth.breaks("consent", f"{action} on {machine.name}, which is another's")
        if truth.switch() != "on":
            truth.breaks("consent", f"{action} on {machine.name} with the kill switch {truth.switch()}")
        if service.mode is Mode.OBSERVE:
            truth.breaks("consent", f"{action} on {machine.name} in observe mode")
        if action is Action.START and machine.instance_id in truth.stopped_by_person and not self._either(case):
            truth.breaks("consent", f"{action} on {machine.name}, which a person has stopped")
        down = case.id in self._taken_down or machine.instance_id in truth.stopped or self._either(case)
        if action in GIVES_BACK or (action is Action.START and down):
            return
        if service.mode is Mode.APPROVE:
            self._approved(attempt, case)
        meddled_at = self._meddled.get(case.id)
        # As long as EC2's reads lag, nobody can know of it.
        lags = truth.story.scenario.durations.read_lag.most
        if meddled_at is not None and meddled_at + lags <= now and action in TAKES_AWAY:
            truth.breaks("consent", f"{action} on {machine.name}, which somebody else has started meanwhile")
        until = tagged_until(tags)
        planned = case.confirmed_cause is Cause.EVENT_SCHEDULED and not (until is not None and until > now)
        if planned and self._is_planned(case, service):
            return
        if kept_until(truth.policy, service, tags, now) is not None:
            truth.breaks("consent", f"{action} on {machine.name} in maintenance")

    def _either(self, case: Case) -> bool:
        """Whether nobody can tell whose stop it was: a person's came with one of Defib's, whose answer was lost."""
        at = self._stopped_at.get(case.instance_id)
        for attempt in case.attempts if at is not None else ():
            began, result = attempt.claimed_at, attempt.result
            lost = attempt.action in POWER and result is not None and result.verdict is Verdict.LOST
            if at and lost and began and result and began - CLOCKS_APART <= at <= result.at + CLOCKS_APART:
                return True
        return False

    def _approved(self, attempt: Attempt, case: Case) -> None:
        """Somebody has said yes, and nobody who was asked no: of a word said a moment ago nobody can know yet."""
        truth, asked, said = self._truth, case.approval, self._said.get(case.id, [])
        approved = asked is not None and asked.choice is Choice.APPROVE
        if asked is None or not approved or not any(choice == Choice.APPROVE for _, choice in said):
            truth.breaks("consent", f"{attempt.action} on {case.name} without anybody's yes")
            return
        noes = [at for at, choice in said if choice == Choice.REJECT and at >= asked.asked_at]
        known = [at for at in noes if truth.time.now - at > DELIVERED]
        if any(truth.calm(at) and not truth.struck_since(at) for at in known):
            truth.breaks("consent", f"{attempt.action} on {case.name}, to which somebody has said no")

    def _is_planned(self, case: Case, service: Service) -> bool:
        """Whether the restart of what works was begun where its operators want it."""
        if not service.planned_restart:
            return False
        begun = next((a.intended_at for a in case.attempts), self._truth.time.now)
        return outage_until(self._truth.policy, service, begun) is not None

    def _due(self, attempt: Attempt, case: Case, machine: Machine) -> None:
        """Something is wrong, its evidence is safe, and what failed a moment ago is not tried again at once."""
        truth, action = self._truth, attempt.action
        service = truth.policy.service(case.service)
        planned = case.confirmed_cause is Cause.EVENT_SCHEDULED and service is not None
        if action in TAKES_AWAY and truth.works(machine) and not (planned and service and service.planned_restart):
            truth.breaks("needless", f"{action} on {machine.name}, with which nothing is wrong")
        taken = any(a.action is Action.EVIDENCE and a.result is not None for a in case.attempts)
        if action in TAKES_AWAY and not taken:
            truth.breaks("evidence", f"{action} on {machine.name} before any evidence was taken")
        before = [a for a in case.attempts if a.number < attempt.number and a.action is action]
        ended = before[-1].result if before else None
        failed = ended is not None and ended.verdict is Verdict.RETRY and before[-1].number == attempt.number - 1
        repair = truth.policy.repair
        least = min(repair.retry_backoff, repair.retry_backoff_max) / 2
        if action is Action.START and case.handed_over_at is not None:
            # What people have in hand is started at a pace of its own (repair.start_again_share), no sooner than hold.
            least = min(least, repair.hold)
        if ended is not None and failed and truth.time.now < ended.at + least:
            truth.breaks("pauses", f"{action} on {machine.name} again {truth.time.now - ended.at} after it failed")

    def _patient(self, attempt: Attempt, case: Case, machine: Machine) -> None:
        """The first thing that is done about a failure is not done before it has lasted long enough to count.

        What a guard has held may have passed since it was confirmed, and another failure have begun: then it is that
        one which must last, for as long as its own cause asks.
        """
        # What is acted on before it was confirmed at all has what was seen of it for its cause.
        service, cause = self._truth.policy.service(case.service), case.confirmed_cause or case.cause
        if attempt.number > 1 or service is None:
            return
        since, now = self._bad_since.get(machine.instance_id), self._truth.time.now
        another = since is not None and case.confirmed_at is not None and since > case.confirmed_at
        patience = _patience(case.cause if another else cause, service)
        if patience and (since is None or now - since < patience - SECOND):
            lasted = now - since if since is not None else timedelta(0)
            self._truth.breaks("patience", f"{attempt.action} on {machine.name}, which has failed for {lasted} only")


def _impaired_since(machine: Machine) -> datetime | None:
    shown, application = machine.shown, machine.application
    views = (shown.system, shown.instance, shown.attached_ebs)
    since = [v.impaired_since for v in views if v.impaired_since and v.status is CheckStatus.IMPAIRED]
    if not since and shown.worst is CheckStatus.INITIALIZING:
        # What never arrives has failed since it was launched, though EC2 shows it a moment later.
        since.append(machine.launched_at)
    if application is not None and application.status is CheckStatus.IMPAIRED and application.since:
        since.append(application.since)
    return min(since, default=None)


def _patience(cause: Cause, service: Service) -> timedelta:
    """How long what is found must have lasted (docs/configuration.md, patience)."""
    patience = service.patience
    match cause:
        case Cause.SYSTEM_IMPAIRED | Cause.INSTANCE_IMPAIRED | Cause.EBS_IMPAIRED | Cause.DEAD_ON_ARRIVAL:
            return patience.check
        case Cause.APPLICATION_DOWN:
            return patience.application
        case Cause.STOPPED_UNASKED:
            return patience.stopped
        case Cause.UNKNOWN:
            return patience.unknown
        case (
            Cause.HEALTHY
            | Cause.INITIALIZING
            | Cause.STOPPED_BY_PERSON
            | Cause.STOPPED_BY_DEFIB
            | Cause.STOPPING
            | Cause.STUCK_PENDING
            | Cause.STUCK_STOPPING
            | Cause.TERMINATED
            | Cause.EVENT_SCHEDULED
        ):
            return timedelta(0)
    assert_never(cause)
