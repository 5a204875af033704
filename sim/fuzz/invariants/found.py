"""Whatever is wrong with an opted-in instance is looked at soon, whoever says so, and whether events come or not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from defib.core.detection import MINUTE
from defib.core.model import CheckStatus, InstanceState, TargetHealth
from sim.fuzz.invariants.care import is_opted_in, service_of
from sim.fuzz.invariants.crowd import FOUND_WITHIN, boots_until, is_counted, sets_up_until
from sim.fuzz.invariants.truth import Truth
from sim.machine import Machine
from sim.physics import HIBERNATED, PERSON

DELIVERY = timedelta(seconds=5)
"""What a message takes, from the sweep that sends it to the look."""
LOOKED_LATER = timedelta(minutes=5)
"""Besides its turn, where hundreds fail: the first sweep, and the queue, in which what is under repair waits too."""

LOOKS = 100
"""So many that nobody has looked at yet have their turn in a minute (docs/scale.md)."""

STOPPED, APPLICATION, TARGET = "is stopped", "fails its application status check", "is an unhealthy target"
"""What may be wrong though EC2's own checks do not fail."""


def turn_within(waited: int) -> timedelta:
    """In how many minutes everybody has a turn where so many have waited: a power of two."""
    minutes = 1
    while minutes * LOOKS < waited:
        minutes *= 2
    return minutes * MINUTE


class FoundJudge:
    """Watches each instance from the moment at which something is shown to be wrong with it."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._looked: dict[str, datetime] = {}
        self._since: dict[tuple[str, str], datetime] = {}
        """By instance and what is wrong with it, since when that is shown."""
        self._impaired: set[str] = set()
        """Zones that the last sweep held to be impaired."""
        self._let_go: dict[str, datetime] = {}
        """Zone to the sweep that has last held it to be impaired no more."""

    def looked(self, instance_id: str) -> None:
        self._looked[instance_id] = self._truth.time.now

    def swept(self) -> None:
        """A sweep has looked at all there is, and said which zones are impaired."""
        impaired = {found.zone for found in self._truth.store.whole.impaired}
        self._let_go |= dict.fromkeys(self._impaired - impaired, self._truth.time.now)
        self._impaired = impaired

    def shown(self, machine: Machine) -> None:
        """EC2 shows something else of it, or its application status check does."""
        if machine.shown.worst is CheckStatus.IMPAIRED and is_opted_in(self._truth.policy, machine.tags):
            since, epoch = self._truth.time.now, machine.epoch
            self._expect("fails its checks", machine, since, partial(self._fails, machine, since, epoch))
        for what in (STOPPED, APPLICATION, TARGET):
            if not self._is(what, machine):
                self._since.pop((machine.instance_id, what), None)
            elif (machine.instance_id, what) not in self._since:
                self._begins(what, machine)

    def unhealthy(self, machine: Machine) -> None:
        """Its load balancer has just called it so."""
        if self._is(TARGET, machine):
            self._begins(TARGET, machine)

    def _begins(self, what: str, machine: Machine) -> None:
        since = self._since[machine.instance_id, what] = self._truth.time.now

        def lasts() -> bool:
            return self._since.get((machine.instance_id, what)) == since and self._is(what, machine)

        self._expect(what, machine, since, lasts)

    def _is(self, what: str, machine: Machine) -> bool:
        if what == STOPPED:
            # What somebody has stopped, Defib among them, is where they want it.
            asked_for = machine.shown.reason_code in (PERSON[0], HIBERNATED[0])
            return machine.shown.state is InstanceState.STOPPED and not asked_for
        if machine.shown.worst is not CheckStatus.OK:
            return False
        if what == APPLICATION:
            check = machine.application
            return check is not None and check.shown(self._truth.time.now) is CheckStatus.IMPAIRED
        balancer = self._truth.cloud.balancer_of(machine)
        asked = balancer is not None and balancer.asked
        return asked and balancer is not None and balancer.health.get(machine.instance_id) is TargetHealth.UNHEALTHY

    @staticmethod
    def _fails(machine: Machine, since: datetime, epoch: int) -> bool:
        views = (machine.shown.system, machine.shown.instance, machine.shown.attached_ebs)
        # One that passed in between and fails anew has a time of its own.
        return machine.epoch == epoch and any(v.impaired_since and v.impaired_since <= since for v in views)

    def _expect(self, what: str, machine: Machine, since: datetime, lasts: Callable[[], bool]) -> None:
        until = sets_up_until if what == TARGET else boots_until
        counts = since if what == STOPPED else max(since, until(machine, self._truth))
        found = partial(self._found, what, machine, since, lasts)
        self._truth.time.at(counts + FOUND_WITHIN + DELIVERY, found)

    def _found(
        self,
        what: str,
        machine: Machine,
        since: datetime,
        lasts: Callable[[], bool],
        worn: timedelta = timedelta(0),
    ) -> None:
        truth = self._truth
        ours = is_opted_in(truth.policy, machine.tags) and service_of(truth.policy, machine.tags) is not None
        if not lasts() or not ours:
            return
        held_until = self._held_until(machine.zone, since)
        if held_until > truth.time.now:
            truth.time.at(held_until, partial(self._found, what, machine, since, lasts, worn))
            return
        looked = self._looked.get(machine.instance_id)
        # Events may get lost: what they would have told is found by the sweep.
        if (looked is not None and looked >= since) or not truth.calm(since, but="events"):
            return
        more = truth.worn(since) - worn
        if more > timedelta(0):
            truth.time.after(more, partial(self._found, what, machine, since, lasts, worn + more))
            return
        if not is_counted(machine, since, truth):
            truth.breaks("found", f"{machine.name} {what}, and for {FOUND_WITHIN + worn} nobody has seen that")
            return
        crowd = truth.store.whole.crowd
        turn = turn_within(crowd.most if crowd is not None else 0) + LOOKED_LATER
        if truth.time.now - since <= turn:
            truth.time.after(MINUTE, partial(self._found, what, machine, since, lasts))
        elif crowd is not None:
            truth.breaks("found", f"{machine.name} {what}, and its turn to be looked at has not come in {turn}")

    def _held_until(self, zone: str, since: datetime) -> datetime:
        """Until when nobody need have looked at what fails there, for it may wait for its zone to recover."""
        if self._truth.store.whole.impairment(zone) is not None:
            return self._truth.time.now + MINUTE
        let_go = self._let_go.get(zone, since)
        return let_go + FOUND_WITHIN + DELIVERY if let_go > since else since
