"""What must hold at every instant of every story (docs/invariants.md). Judged by the truth, not by Defib's word.

Where a bound speaks of time, that in which the machinery itself was in trouble, and a while after, is not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from defib.core.case import Attempt, Case, Outcome
from defib.core.post import Post
from defib.core.shift import Move
from sim.addresses import Addresses
from sim.fuzz.by_hand import Hands
from sim.fuzz.elsewhere import Judges, OtherSide
from sim.fuzz.invariants.acts import ActsJudge
from sim.fuzz.invariants.advice import can_be_done
from sim.fuzz.invariants.asked import AskedJudge
from sim.fuzz.invariants.board import BoardJudge
from sim.fuzz.invariants.course import CourseJudge
from sim.fuzz.invariants.elsewhere import ElsewhereJudge
from sim.fuzz.invariants.found import FoundJudge
from sim.fuzz.invariants.grouped import GroupedJudge
from sim.fuzz.invariants.healed import healed
from sim.fuzz.invariants.limits import LimitsJudge
from sim.fuzz.invariants.mended import MendedJudge
from sim.fuzz.invariants.page import PageJudge
from sim.fuzz.invariants.reach import ReachJudge
from sim.fuzz.invariants.retagged import RetaggedJudge
from sim.fuzz.invariants.shifts import ShiftsJudge
from sim.fuzz.invariants.subscribers import SubscribersJudge
from sim.fuzz.invariants.told import ToldJudge
from sim.fuzz.invariants.truth import Truth
from sim.fuzz.lanes import Lanes
from sim.machine import Machine
from sim.scenario import Fault


class Judge:
    """Watches one story, and says what was broken."""

    def __init__(self, truth: Truth, others: Mapping[str, OtherSide], hands: Hands) -> None:
        self.truth = truth
        self._limits = LimitsJudge(truth)
        self._acts = ActsJudge(truth, self._limits)
        self._course = CourseJudge(truth)
        self._found = FoundJudge(truth)
        self._grouped = GroupedJudge(truth)
        self._asked = AskedJudge(truth)
        self._mended = MendedJudge(truth)
        self._retagged = RetaggedJudge(truth)
        self.retagged = self._retagged.retagged
        self._told = ToldJudge(truth)
        self._page = PageJudge(truth)
        self.board = BoardJudge(truth)
        self._elsewhere = ElsewhereJudge(truth, others)
        self._shifts = ShiftsJudge(truth, hands)
        self._reach = ReachJudge(truth)
        self._subscribers = SubscribersJudge(truth)
        self._minutely = [self._told.minute, self._shifts.minute]
        """What those do each minute who have anything to look at in this story."""
        if truth.policy.page.enabled:
            self._minutely = [self._page.look, self.board.look, *self._minutely]
        self.letter = self._subscribers.letter
        self.invited = self._subscribers.invited
        self.mailed = self._subscribers.turned
        self.published = self._page.published
        self.inbox: Callable[[Post], None] = lambda _: None
        """Takes each message that has been judged."""

    @property
    def broken(self) -> list[str]:
        return self.truth.broken

    @property
    def sums_up(self) -> bool:
        return self._told.sums_up

    # --- What happens ------------------------------------------------------------------------------------------------

    def struck(self, fault: Fault, machine: Machine) -> None:
        self._acts.struck(fault, machine)

    def shown(self, machine: Machine) -> None:
        """EC2, or its application status check, shows something else of the machine."""
        self._acts.shown(machine)
        self._found.shown(machine)

    def looked(self, instance_id: str) -> None:
        self._acts.shown(self.truth.cloud.machines[instance_id])
        self._found.looked(instance_id)
        self._asked.looked(instance_id)
        self._mended.looked(instance_id)

    def unhealthy(self, machine: Machine) -> None:
        """Its load balancer calls it so from now on."""
        self._asked.unhealthy(machine)
        self._found.unhealthy(machine)

    def act(self, attempt: Attempt, case: Case, looked_at: datetime | None = None) -> None:
        """An act is about to reach EC2, for which was looked just now, or then."""
        self._retagged.act(attempt, case)
        before = case.instance_id in self.truth.stopped
        self._acts.act(attempt, case, looked_at or self.truth.time.now)
        if not before and case.instance_id in self.truth.stopped:
            self._course.stopped(case.instance_id)

    def answered(self, case_id: str, choice: str) -> None:
        """Somebody answers what Defib asks about the repair."""
        self._acts.answered(case_id, choice)

    def act_begun(self, attempt: Attempt, case: Case) -> None:
        self._acts.begun(attempt, case)

    def act_over(self, attempt: Attempt, case: Case) -> None:
        self._acts.over(attempt, case)

    def shift(self, move: Move, load_balancer: str, zone_id: str) -> None:
        self._shifts.shift(move, load_balancer, zone_id)

    def shifted(self) -> None:
        self._shifts.started()

    def watch_addresses(self, addresses: Addresses | None) -> None:
        self._reach.addresses = addresses
        if addresses is not None:
            self._minutely.append(self._reach.minute)

    def remembered(self, case: Case) -> None:
        """A case has been written."""
        self._course.remembered(case)
        self._limits.remembered(case)
        self._grouped.remembered(case)
        self._retagged.remembered(case)
        healed(case, self.truth)
        if case.outcome is None:
            return
        if case.outcome is Outcome.HEALED:
            self._limits.healed(case)
        if case.outcome in (Outcome.HEALED, Outcome.RECOVERED) and "group_replacements" in case.told_of:
            self._limits.works_after_all(case)

    def heard(self, channel: str, post: Post) -> None:
        """People read a message."""
        notice = self._told.heard(channel, post)
        if notice is not None:
            self._retagged.heard(notice)
            can_be_done(notice, self.truth)
        self.inbox(post)

    def of_other(self, name: str) -> Judges:
        """Who hears of what the other page of that name is told."""
        return self._elsewhere.of(name)

    def laid_out(self) -> None:
        self._page.look()
        self.board.look()

    def tick(self) -> None:
        """A function that looks has done its work, or the schedule has called the sweep: at least once a minute."""
        for look in self._minutely:
            look()

    def swept(self) -> None:
        """A sweep has looked at all there is."""
        self._found.swept()
        self._shifts.swept()
        self._course.swept()
        self._asked.swept()

    # --- At the end ------------------------------------------------------------------------------------------------

    def settled(self) -> bool:
        """Whether nothing more is to be expected."""
        done = self._course.settled() and self._retagged.settled()
        return done and self._told.settled() and self._elsewhere.settled() and self._shifts.settled()

    def at_end(self, lanes: Lanes) -> None:
        """The story is over, and its aftermath."""
        self._course.at_end(lanes)
        self._mended.at_end()
        self._told.at_end()
        self._elsewhere.at_end()
        self.board.at_end()
        self._shifts.at_end()
        self._reach.at_end()
        self._subscribers.at_end()
