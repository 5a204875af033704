"""What must hold at every instant of every story (docs/invariants.md). Judged by the truth, not by Defib's word.

Where a bound speaks of time, that in which the machinery itself was in trouble, and a while after, is not counted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from defib.core.approval import Choice
from defib.core.audit import Entry
from defib.core.case import Action, Attempt, Case
from defib.core.guards.ownership import OWNERS
from defib.core.guards.question import CUTS_POWER, GIVES_BACK, TAKES_AWAY
from defib.core.incident import Incident, Notice, NoticeKind, Phase
from defib.core.maintenance import maintenance_of
from defib.core.model import Cause, CheckStatus, InstanceState, TargetHealth
from defib.core.page.model import ComponentStatus
from defib.core.policy import Mode, Service
from defib.core.stack import RATE_WINDOW
from sim.clock import VirtualTime
from sim.fuzz.cloud import GONE, Cloud
from sim.fuzz.lanes import Lanes
from sim.fuzz.story import Story
from sim.fuzz.trouble import calm
from sim.machine import Machine
from sim.memory.page import FakePageStore, FakeSite
from sim.memory.store import FakeStore
from sim.traits import LOCAL_DISKS, Trait

FOUND_WITHIN = timedelta(minutes=2)
AFTERMATH = timedelta(minutes=10)
"""How long after trouble in the machinery its traces may still delay things: three receives of one message."""
AUDIT_MOST = 60
"""Lines of a case's trail besides three for each of its attempts."""
TIMELINE_SMS = 140


class Judge:
    """Watches one story, and says what was broken."""

    def __init__(
        self,
        story: Story,
        time: VirtualTime,
        cloud: Cloud,
        store: FakeStore,
        site: FakeSite,
        page: FakePageStore,
        switch: Callable[[], str],
    ) -> None:
        self.broken: list[str] = []
        self._story = story
        self._policy = story.policy
        self._time = time
        self._cloud = cloud
        self._store = store
        self._site = site
        self._page = page
        self._switch = switch
        self._looked: dict[str, datetime] = {}
        self._taken: dict[str, str] = {}
        """Instance to service: what Defib has begun to take away, until its case is over."""
        self._begun: dict[str, datetime] = {}
        """Case to its first act."""
        self._heard: dict[str, list[int]] = {}
        self._stopped: dict[str, datetime] = {}
        """Instances that Defib has stopped and not started again."""
        self._wrong_since: dict[str, datetime] = {}
        """Component to since when the page contradicts the cases."""
        self._audited = 0

    def _break(self, invariant: str, what: str) -> None:
        self.broken.append(f"{invariant}: {what} (at {self._time.now - self._story.scenario.start})")

    # --- At each act -----------------------------------------------------------------------------------------------

    def act(self, attempt: Attempt, case: Case) -> None:
        """An act is about to reach EC2."""
        machine = self._cloud.machines[case.instance_id]
        self._intended(attempt, case)
        if attempt.action is Action.EVIDENCE:
            return
        service = self._policy.service(case.service)
        if service is None:
            self._break("consent", f"{attempt.action} on {machine.name}, whose service is not in the policy")
            return
        self._consented(attempt, case, machine, service)
        self._nothing_lost(attempt, machine, service)
        if attempt.action in TAKES_AWAY:
            self._within_limits(attempt, machine, service)
            self._taken[machine.instance_id] = service.name
        if case.id not in self._begun:
            self._within_stack_limits(attempt, case)
            self._begun[case.id] = self._time.now
        if attempt.action in (Action.STOP, Action.FORCE_STOP, Action.SKIP_OS_SHUTDOWN):
            self._stopped.setdefault(machine.instance_id, self._time.now)

    def _intended(self, attempt: Attempt, case: Case) -> None:
        known = self._store.latest_case(case.instance_id)
        intent = known.intent if known is not None and known.id == case.id else None
        if intent is None or intent.number != attempt.number or intent.claimed_at is None:
            self._break("intent precedes act", f"{attempt.action} on {case.name} without a claimed intent")

    def _consented(self, attempt: Attempt, case: Case, machine: Machine, service: Service) -> None:
        action, tags, now = attempt.action, machine.tags, self._time.now
        if not self._policy.opted_in(tags):
            self._break("consent", f"{action} on {machine.name}, which is not opted in")
        if any(key in OWNERS for key in tags):
            self._break("consent", f"{action} on {machine.name}, which is another's")
        if self._switch() != "on":
            self._break("consent", f"{action} on {machine.name} with the kill switch {self._switch()}")
        gives_back = action in GIVES_BACK or (action is Action.START and machine.instance_id in self._stopped)
        if service.mode is Mode.OBSERVE:
            self._break("consent", f"{action} on {machine.name} in observe mode")
        approved = case.approval is not None and case.approval.choice is Choice.APPROVE
        if service.mode is Mode.APPROVE and not approved and not gives_back:
            self._break("consent", f"{action} on {machine.name} without anybody's yes")
        planned = case.confirmed_cause is Cause.EVENT_SCHEDULED
        if not gives_back and not planned and maintenance_of(self._policy, service, tags, now) is not None:
            self._break("consent", f"{action} on {machine.name} in maintenance")
        if action in TAKES_AWAY and self._works(machine):
            self._break("needless", f"{action} on {machine.name}, with which nothing is wrong")

    def _works(self, machine: Machine) -> bool:
        balancer = self._cloud.balancer_of(machine)
        health = balancer.health.get(machine.instance_id) if balancer is not None else TargetHealth.HEALTHY
        return machine.shown.worst is CheckStatus.OK and health is TargetHealth.HEALTHY

    def _nothing_lost(self, attempt: Attempt, machine: Machine, service: Service) -> None:
        action = attempt.action
        if action in CUTS_POWER and Trait.STOP_PROTECTION in machine.traits:
            self._break("hazards", f"{action} on {machine.name}, which is protected")
        if action not in (Action.DRAIN, Action.STOP):
            return
        if LOCAL_DISKS.match(machine.instance_type) and not service.allow_instance_store_loss:
            self._break("hazards", f"{action} on {machine.name} loses its instance store")
        public = Trait.PUBLIC_IP in machine.traits and Trait.ELASTIC_IP not in machine.traits
        behind = self._cloud.balancer_of(machine) is not None
        if public and not behind and not service.allow_public_ip_change:
            self._break("hazards", f"{action} on {machine.name} changes its address")

    def _within_limits(self, attempt: Attempt, machine: Machine, service: Service) -> None:
        action = attempt.action
        ours = [i for i, name in self._taken.items() if name == service.name and i != machine.instance_id]
        others = [i for i in ours if self._away(i)]
        if len(others) >= service.concurrent_repairs:
            self._break(
                "limits", f"{action} on {machine.name}: {len(others)} others of {service.name} are under repair"
            )
        peers = self._cloud._peers(machine, service.name)  # noqa: SLF001 - the same count as EC2 gives
        count = peers.running + peers.not_running
        floor = service.healthy_others(count + 1)
        if peers.healthy < floor:
            self._break("limits", f"{action} on {machine.name}: {peers.healthy} others healthy, {floor} required")
        if service.replicated and (others or peers.healthy < count):
            self._break("limits", f"{action} on {machine.name}: {peers.healthy} of {count} replicas are healthy")
        balancer = self._cloud.balancer_of(machine)
        if balancer is not None and balancer.health.get(machine.instance_id) is TargetHealth.HEALTHY:
            serving = [i for i, h in balancer.health.items() if h is TargetHealth.HEALTHY and i != machine.instance_id]
            if not serving and action is not Action.STOP:
                self._break("limits", f"{action} on {machine.name}, the last healthy target")

    def _within_stack_limits(self, attempt: Attempt, case: Case) -> None:
        now, limits = self._time.now, self._policy.limits
        lately = sum(1 for at in self._begun.values() if now - at < RATE_WINDOW)
        if lately >= limits.rate:
            self._break("limits", f"{attempt.action} on {case.name}: {lately} repairs begun within 10 minutes")
        open_ones = sum(1 for i in self._taken if self._away(i) and i != case.instance_id)
        most = limits.at_once(self._store.whole.running)
        if open_ones >= most:
            self._break("limits", f"{attempt.action} on {case.name}: {open_ones} under repair, {most} allowed")

    def _away(self, instance_id: str) -> bool:
        """Whether Defib keeps it from serving: from the first act that takes away until its case is over.

        One that is held after a reboot that did not help fails by itself; one that is drained or stopped is away still.
        """
        case = self._store.latest_case(instance_id)
        if case is None or case.closed_at is not None or case.handed_over_at is not None or not case.acted:
            return False
        drained = case.last(Action.DRAIN)
        restored = case.last(Action.RESTORE)
        out = drained is not None and (restored is None or restored.number < drained.number)
        return not case.held_by or out or instance_id in self._stopped

    # --- As time goes on -------------------------------------------------------------------------------------------

    def looked(self, instance_id: str) -> None:
        self._looked[instance_id] = self._time.now

    def shown(self, machine: Machine) -> None:
        """EC2 shows something else of the machine."""
        if machine.shown.state is InstanceState.RUNNING:
            self._stopped.pop(machine.instance_id, None)
        if machine.shown.worst is CheckStatus.IMPAIRED and machine.tags and self._policy.opted_in(machine.tags):
            since, epoch = self._time.now, machine.epoch
            self._time.after(FOUND_WITHIN, lambda: self._found(machine, since, epoch))

    def _found(self, machine: Machine, since: datetime, epoch: int) -> None:
        lasting = machine.epoch == epoch and machine.shown.worst is CheckStatus.IMPAIRED
        ours = self._policy.opted_in(machine.tags) and self._policy.service_of(machine.tags) is not None
        if not lasting or not ours or self._store.whole.impairment(machine.zone) is not None:
            return
        if not self._calm(since, self._time.now):
            return
        looked = self._looked.get(machine.instance_id)
        if looked is None or looked < since:
            self._break("found", f"{machine.name} fails its checks and nobody has looked for {FOUND_WITHIN}")

    def _calm(self, begin: datetime, end: datetime) -> bool:
        return calm(self._story.spells, self._story.scenario.start, begin - AFTERMATH, end)

    def tick(self) -> None:
        """Something has just been decided."""
        self._trail()
        self._page_agrees()

    def _trail(self) -> None:
        """The audit grows only at its end; each line says why."""
        lines = self._store.audit
        if len(lines) < self._audited:
            self._break("audit", "lines have been lost")
        for entry in lines[self._audited :]:
            if not entry.reason:
                self._break("reasons", f"{entry.case_id}: {entry.decision} without a reason")
        self._audited = len(lines)

    def _page_agrees(self) -> None:
        """The page says no more and no less than the cases, but for the hold time."""
        if not self._policy.page.enabled or self._policy.page.publishing.value == "draft" or not self._site.pages:
            return
        shown = {component.key: component.status for component in self._site.pages[-1].components}
        for service in self._policy.services:
            status = shown.get(service.name)
            if status is None or status is ComponentStatus.UNDER_MAINTENANCE:
                self._wrong_since.pop(service.name, None)
                continue
            self._agrees(service, status)

    def _agrees(self, service: Service, status: ComponentStatus) -> None:
        now, incident = self._time.now, self._store.latest_incident(service.name)
        in_trouble = _in_trouble(incident) or self._store.whole.impaired
        works = status is ComponentStatus.OPERATIONAL
        contradicts = (not in_trouble and not works) or (
            bool(in_trouble) and works and service.page.impact.status is not ComponentStatus.OPERATIONAL
        )
        if not contradicts or self._store.whole.impaired:
            self._wrong_since.pop(service.name, None)
            return
        since = self._wrong_since.setdefault(service.name, now)
        bound = self._policy.page.hold + timedelta(minutes=2)
        if now - since > bound and self._calm(since, now):
            self._break("page", f"{service.name} is shown as {status} for {now - since} against the cases")
            self._wrong_since.pop(service.name)

    def heard(self, notice: Notice) -> None:
        """People read a notice."""
        for part, text in (("subject", notice.subject), ("body", notice.body), ("sms", notice.sms)):
            if not text.strip():
                self._break("reasons", f"notice {notice.incident_id}-{notice.sequence} has an empty {part}")
        if len(notice.sms) > TIMELINE_SMS:
            self._break("reasons", f"notice {notice.incident_id}-{notice.sequence} does not fit one SMS")
        before = self._heard.setdefault(notice.incident_id, [])
        if notice.sequence not in before:
            if before and notice.sequence < max(before):
                self._break("told", f"notice {notice.incident_id}-{notice.sequence} came after number {max(before)}")
            before.append(notice.sequence)

    # --- At the end ------------------------------------------------------------------------------------------------

    def settled(self) -> bool:
        """Whether nothing more is to be expected."""
        unpublished = len(self._store.published) < len(self._store.notices)
        return not unpublished and all(_at_rest(case) for case in self._store.cases.values())

    def at_end(self, lanes: Lanes) -> None:
        """The story is over, and its aftermath."""
        for case in self._store.cases.values():
            if not _at_rest(case):
                self._break("ends", f"{case.id} is neither healed, closed, held nor handed over: {case.reason}")
            if len(case.attempts) > self._policy.repair.attempts + 2:
                self._break("bounded", f"{case.id} has {len(case.attempts)} attempts")
        self._started_again()
        self._all_told()
        self._audit_complete()
        if lanes.most_waiting > 40 * max(1, len(self._cloud.machines)):
            self._break("bounded", f"{lanes.most_waiting} messages waited at once")

    def _started_again(self) -> None:
        """What Defib has stopped runs again, or a person has been told."""
        for instance_id in self._stopped:
            machine, case = self._cloud.machines[instance_id], self._store.latest_case(instance_id)
            if machine.state in (InstanceState.RUNNING, InstanceState.PENDING, *GONE):
                continue
            told = case is not None and self._was_told(case)
            if not told:
                self._break("started again", f"Defib stopped {machine.name}, and nobody knows")

    def _was_told(self, case: Case) -> bool:
        kinds = (NoticeKind.ESCALATED, NoticeKind.HELD, NoticeKind.RESOLVED, NoticeKind.PROGRESS)
        return any(n.case_id == case.id and n.kind in kinds for n in self._store.notices.values())

    def _all_told(self) -> None:
        for key, notice in self._store.notices.items():
            if key not in self._store.published or notice.sequence not in self._heard.get(notice.incident_id, ()):
                self._break("told", f"notice {notice.incident_id}-{notice.sequence} never went out")
        for incident in self._store.incidents.values():
            self._told_of(incident)

    def _told_of(self, incident: Incident) -> None:
        notices = [n for n in self._store.notices.values() if n.incident_id == incident.id]
        if sorted(n.sequence for n in notices) != list(range(1, incident.notices + 1)):
            self._break("told", f"incident {incident.id} lacks notices")
        opened = sum(1 for n in notices if n.kind is NoticeKind.OPENED)
        resolved = sum(1 for n in notices if n.kind is NoticeKind.RESOLVED)
        if opened > 1:
            self._break("told", f"incident {incident.id} was announced {opened} times")
        if resolved > 1 or (resolved and incident.resolved_at is None):
            self._break("told", f"incident {incident.id} was called over {resolved} times")
        if incident.resolved_at is not None and not resolved and opened:
            self._break("told", f"the end of incident {incident.id} was not told")

    def _audit_complete(self) -> None:
        trails: dict[str, list[Entry]] = {}
        for entry in self._store.audit:
            trails.setdefault(entry.case_id, []).append(entry)
        for case in self._store.cases.values():
            trail = trails.get(case.id, [])
            decided = {e.attempt.number for e in trail if e.attempt is not None and e.decision.startswith("act:")}
            missing = [a.number for a in case.attempts if a.number not in decided]
            if missing:
                self._break("audit", f"{case.id} does not say why it decided on its attempts {missing}")
            if case.closed_at is not None and not any(e.decision.startswith("close:") for e in trail):
                self._break("audit", f"{case.id} does not say that it was closed")
            if len(trail) > AUDIT_MOST + 3 * len(case.attempts):
                self._break("bounded", f"the trail of {case.id} has {len(trail)} lines")


def _at_rest(case: Case) -> bool:
    return case.closed_at is not None or case.handed_over_at is not None or bool(case.held_by)


def _in_trouble(incident: Incident | None) -> bool:
    if incident is None or incident.resolved_at is not None:
        return False
    return any(member.phase is not Phase.CLOSED for member in incident.members)
