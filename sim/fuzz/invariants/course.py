"""How it goes on: impaired zones are found, cases end, what was stopped runs again, the trail alone grows."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta

from defib.core.audit import Entry
from defib.core.case import Case, Outcome
from defib.core.detection import MINUTE
from defib.core.model import Cause, CheckStatus, InstanceState
from defib.core.policy import Mode
from sim.fuzz.cloud import GONE
from sim.fuzz.invariants.care import is_opted_in
from sim.fuzz.invariants.crowd import FOUND_WITHIN, boots_until
from sim.fuzz.invariants.ends import (
    RATE_WITHIN,
    at_rest,
    is_known,
    looks_within,
    may_go_on,
    others_have_its_place,
    tells_how_it_ends,
    under_way,
    waits_for_its_turn,
)
from sim.fuzz.invariants.grouped import leaves_its_group
from sim.fuzz.invariants.limits import GIVES_BACK
from sim.fuzz.invariants.planned import kept_until, was_kept
from sim.fuzz.invariants.truth import Truth
from sim.fuzz.lanes import Lanes

SLACK = timedelta(minutes=10)
"""Besides what the policy allows: deliveries, looks, and the pauses between them."""
STARTS_MOST = 60
"""Of a case that has been handed over, within the hours of a story."""
AUDIT_MOST = 60
"""Lines of a case's trail besides three for each of its attempts, and one for each change of its instance's state."""
RECOVERED_WITHIN = timedelta(minutes=3)
"""Besides limits.zone_clear: the sweeps that see it, and their messages."""


class CourseJudge:
    """Watches every case from its first signal to its end."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._watched: set[str] = set()
        """Cases of which it is known by when they must have ended."""
        self._trail: list[Entry] = []
        self._crowded: dict[str, datetime] = {}
        """Zones in which as many fail as limits.zone_instances and limits.zone_share say, and since which sweep."""
        self._lull: datetime | None = None
        """Since when no case moves."""
        self._clear: dict[str, datetime] = {}
        """Zones that are called impaired in which fewer do, and since which sweep."""

    # --- Zones -------------------------------------------------------------------------------------------------------

    def swept(self) -> None:
        """A sweep has run: a zone of which so many fail that it is no coincidence is known to be impaired."""
        self._recovered()
        truth, limits = self._truth, self._truth.policy.limits
        failing: defaultdict[str, int] = defaultdict(int)
        for machine in truth.cloud.troubled.values():
            fails = machine.state is InstanceState.RUNNING and machine.shown.worst is CheckStatus.IMPAIRED
            counts = is_opted_in(truth.policy, machine.tags) and boots_until(machine, truth) <= truth.time.now
            failing[machine.zone] += fails and counts
        crowded = {zone for zone, number in failing.items() if number >= limits.zone_instances}
        if not crowded and not self._crowded:
            return
        running = truth.seen.running() if crowded else {}
        found = {zone for zone in crowded if failing[zone] * 100 >= limits.zone_share * running.get(zone, 0)}
        self._crowded = {zone: self._crowded.get(zone, truth.time.now) for zone in found}
        for zone, since in self._crowded.items():
            lasted = truth.time.now - since
            if lasted >= FOUND_WITHIN and truth.store.whole.impairment(zone) is None and truth.calm(since):
                truth.breaks("found", f"{failing[zone]} fail in {zone} since {lasted}, and nobody calls it impaired")

    def _recovered(self) -> None:
        """A zone of which so few fail that it may be coincidence is called impaired no more."""
        truth, limits = self._truth, self._truth.policy.limits
        if not truth.store.whole.impaired:
            self._clear.clear()
            return
        failing = Counter(m.zone for m in truth.cloud.troubled.values() if not truth.works(m))
        running = truth.seen.running()
        few = [
            i.zone
            for i in truth.store.whole.impaired
            if failing[i.zone] < limits.zone_instances
            or failing[i.zone] * 100 < limits.zone_share * running.get(i.zone, 0)
        ]
        self._clear = {zone: self._clear.get(zone, truth.time.now) for zone in few}
        for zone, since in self._clear.items():
            lasted = truth.time.now - since
            if lasted > limits.zone_clear + RECOVERED_WITHIN and truth.calm(since):
                truth.breaks("ends", f"{zone} is called impaired though for {lasted} only {failing[zone]} fail there")
                self._clear[zone] = truth.time.now

    # --- Ends --------------------------------------------------------------------------------------------------------

    def remembered(self, case: Case) -> None:
        """The case has been written."""
        if case.confirmed_at is not None and case.id not in self._watched:
            self._watched.add(case.id)
            self._expect_end(case, self._longest())
        if case.held_by == "maintenance":
            self._is_planned(case)
        self._read_trail()

    def _is_planned(self, case: Case) -> None:
        """Nothing is left as it is for a planned outage that is none, or that was over when it was last looked at."""
        truth = self._truth
        service, tags = truth.policy.service(case.service), truth.cloud.machines[case.instance_id].tags
        since = truth.time.now - looks_within(truth) - FOUND_WITHIN
        if service is None or truth.policy_at(since) is not truth.policy or not truth.calm(since):
            return
        if not was_kept(truth.policy, service, tags, since, truth.time.now):
            truth.breaks("ends", f"{case.id} waits for the end of a planned outage, and there is none")

    def stopped(self, instance_id: str) -> None:
        """Defib has just stopped it."""
        since = self._truth.stopped[instance_id]
        self._truth.time.after(self._longest(), lambda: self._runs_again(instance_id, since))

    def _longest(self) -> timedelta:
        """Within so long a repair has ended, or somebody knows: a climb's age, its last stop's ends, a start's."""
        repair, services = self._truth.policy.repair, self._truth.policy.services
        verify = max((service.verify.timeout for service in services), default=timedelta(0))
        asks = any(service.mode is Mode.APPROVE for service in services)
        last = repair.stop_timeout + 2 * repair.force_stop_timeout + repair.start_timeout + verify
        return repair.case_age + last + (repair.approval_timeout if asks else timedelta(0)) + SLACK

    def _expect_end(self, case: Case, within: timedelta) -> None:
        began = self._truth.time.now
        self._truth.time.after(within, lambda: self._ended(case, began))

    def _ended(self, case: Case, began: datetime) -> None:
        known = self._truth.store.cases[case.instance_id, case.number]
        if at_rest(known) or not self._truth.calm(began):
            return
        until = self._planned_until(known)
        if until is not None:
            self._truth.time.at(until, lambda: self._expect_end(case, self._longest()))
            return
        if leaves_its_group(self._truth, known):
            self._truth.time.after(MINUTE, lambda: self._ended(case, began))
            return
        # What a guard has held in between begins anew when the guard lets it go.
        if known.resumed_at is not None and known.resumed_at > began:
            began = self._truth.time.now
            self._truth.time.after(self._longest(), lambda: self._ended(case, began))
            return
        self._truth.breaks("ends", f"{known.id} is neither healed, closed, held nor handed over: {known.reason}")

    def _planned_until(self, case: Case) -> datetime | None:
        """When the planned outage ends that its instance is in: nobody is called during it."""
        service, tags = self._truth.policy.service(case.service), self._truth.cloud.machines[case.instance_id].tags
        return kept_until(self._truth.policy, service, tags, self._truth.time.now) if service is not None else None

    def _runs_again(self, instance_id: str, since: datetime) -> None:
        if self._truth.stopped.get(instance_id) == since and self._truth.calm(since):
            self._started_again(instance_id, since)

    def _started_again(self, instance_id: str, since: datetime) -> None:
        """What Defib has stopped runs again, or a person has been told."""
        machine, case = self._truth.cloud.machines[instance_id], self._truth.store.latest_case(instance_id)
        until = self._planned_until(case) if case is not None else None
        if until is not None and (machine.state is InstanceState.STOPPING or self._is_to_be_seen(case)):
            # Nobody is called then: what has stopped is started, and what can't be stopped waits until it is over.
            self._truth.time.at(until + self._longest(), lambda: self._runs_again(instance_id, since))
            return
        if machine.state in (InstanceState.RUNNING, InstanceState.PENDING, *GONE):
            return
        if case is None or not self._was_told(case, since):
            self._truth.breaks("started again", f"Defib stopped {machine.name}, and nobody knows")
        elif case.closed_at is not None and case.cause is Cause.STOPPED_BY_PERSON:
            self._truth.breaks("started again", f"Defib stopped {machine.name}, and people read that one of them did")

    def _is_to_be_seen(self, case: Case | None) -> bool:
        """Whether it has stopped only since Defib's last look, and the next one is still ahead."""
        if case is None or case.look_again_at is None or case.cause not in (Cause.STOPPING, Cause.STUCK_STOPPING):
            return False
        return case.look_again_at > self._truth.time.now

    def _was_told(self, case: Case, since: datetime) -> bool:
        notices = self._truth.store.notices.values()
        if any(tells_how_it_ends(n, case, since) for n in notices if n.case_id == case.id):
            return True
        # Where its service was renamed the case in which it was stopped has ended, and it is left alone. The next one,
        # of a service that has stopped nothing, has an end of its own.
        before = self._truth.store.cases.get((case.instance_id, case.number - 1))
        if before is None or before.outcome is not Outcome.LEFT_ALONE or before.service == case.service:
            return False
        return any(n.at >= before.closed_at >= since for n in notices if n.case_id == before.id and before.closed_at)

    # --- The trail ---------------------------------------------------------------------------------------------------

    def _read_trail(self) -> None:
        """The audit grows only at its end; each line says why."""
        lines = self._truth.store.audit
        if len(lines) < len(self._trail):
            self._truth.breaks("audit", "lines have been lost")
        for entry in lines[len(self._trail) :]:
            if not entry.reason:
                self._truth.breaks("reasons", f"{entry.case_id}: {entry.decision} without a reason")
            self._trail.append(entry)

    def _audit_complete(self) -> None:
        if self._trail != self._truth.store.audit:
            self._truth.breaks("audit", "lines are not as they were written")
        trails: dict[str, list[Entry]] = {}
        for entry in self._truth.store.audit:
            trails.setdefault(entry.case_id, []).append(entry)
        for case in self._truth.store.cases.values():
            self._explained(case, trails.get(case.id, []))

    def _explained(self, case: Case, trail: list[Entry]) -> None:
        breaks = self._truth.breaks
        decided = {e.attempt.number for e in trail if e.attempt is not None and e.decision.startswith("act:")}
        missing = [a.number for a in case.attempts if a.number not in decided]
        if missing:
            breaks("audit", f"{case.id} does not say why it decided on its attempts {missing}")
        if case.closed_at is not None and not any(e.decision.startswith("close:") for e in trail):
            breaks("audit", f"{case.id} does not say that it was closed")
        changes = self._truth.cloud.machines[case.instance_id].epoch
        if len(trail) > AUDIT_MOST + 3 * len(case.attempts) + changes:
            breaks("bounded", f"the trail of {case.id} has {len(trail)} lines")

    def settled(self) -> bool:
        """Whether every case is at rest; one that waits for its turn has had time enough to get it."""
        cases, now = self._truth.store.cases.values(), self._truth.time.now
        if not all(map(at_rest, cases)):
            self._lull = None
            return False
        # One may have moved since this was last asked, and be at rest again.
        moved = [at for case in cases for at in (case.closed_at, *(a.intended_at for a in case.attempts[-1:])) if at]
        self._lull = max([self._lull or now, *moved])
        longest = RATE_WITHIN + 5 * self._truth.policy.repair.hold + MINUTE
        return now - self._lull > longest or not any(may_go_on(case, self._truth) for case in cases)

    # --- At the end --------------------------------------------------------------------------------------------------

    def at_end(self, lanes: Lanes) -> None:
        truth = self._truth
        for case in truth.store.cases.values():
            late = under_way(case, self._longest(), truth.time.now)
            if not at_rest(case) and self._planned_until(case) is None and not late:
                truth.breaks("ends", f"{case.id} is neither healed, closed, held nor handed over: {case.reason}")
            own = [a for a in case.attempts if case.handed_over_at is None or a.intended_at <= case.handed_over_at]
            given_back = sum(1 for a in own if a.action in GIVES_BACK)
            # What Defib took it gives back though it may do nothing else any more: as often as it would start it.
            most = truth.policy.repair.attempts + 2 + min(given_back, len(GIVES_BACK) * truth.policy.repair.starts)
            # What people have in hand is only started, and that with pauses of a share of the time that has passed.
            if len(own) > most or len(case.attempts) > 2 * len(own) + STARTS_MOST:
                truth.breaks("bounded", f"{case.id} has {len(case.attempts)} attempts")
            if at_rest(case) and not is_known(case, truth):
                truth.breaks("ends", f"{case.id} is held ({case.held_by}), and nobody has heard of that")
            if waits_for_its_turn(case) and not others_have_its_place(case, truth):
                truth.breaks("ends", f"{case.id} waits for its turn ({case.held_by}), though nobody else has it")
        for instance_id, since in truth.stopped.items():
            if not under_way(truth.store.latest_case(instance_id), self._longest(), truth.time.now):
                self._started_again(instance_id, since)
        self._audit_complete()
        self._bounded(lanes)

    def _bounded(self, lanes: Lanes) -> None:
        """Nothing grows without bound: queues, what is remembered of the whole stack, what is set aside."""
        truth = self._truth
        if lanes.most_waiting > 40 * max(1, len(truth.cloud.machines)):
            truth.breaks("bounded", f"{lanes.most_waiting} messages waited at once")
        if lanes.dead and not truth.story.spells and not lanes.has_trouble:
            truth.breaks("bounded", f"{len(lanes.dead)} messages were set aside, though nothing was wrong")
        if lanes.unread:
            truth.breaks("bounded", f"nobody can read {lanes.unread[0]!r}, which no story has anybody say")
        known = {case.id for case in truth.store.cases.values()}
        begun = [b for b in truth.store.whole.begun if b.case_id not in known]
        newest = max((b.at for b in truth.store.whole.begun), default=None)
        old = [b for b in truth.store.whole.begun if b.over and newest and newest - b.at > 2 * RATE_WITHIN]
        if begun or len(old) > len(known):
            truth.breaks("bounded", f"the stack remembers {len(begun)} repairs of no case, and {len(old)} of old")
