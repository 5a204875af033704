"""Fakes of everything else that the shell talks to. Each records what it was asked and answers what it was told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from defib.core.approval import Answer
from defib.core.call import CallAnswer
from defib.core.case import Action, Attempt, Case
from defib.core.effect import Perform, Wake
from defib.core.incident import Notice
from defib.core.medium import Medium
from defib.core.model import InstanceState, Observation, Registration, Result, Signal, Switch, TargetGroupSignal
from defib.core.post import Post
from defib.core.shift import Served, Shift, ShiftOrder
from defib.shell.ports import Away, CallFailed, Clock, Rejected, Suspects


@dataclass
class FakeObserver:
    """Answers from ``observations``, dated with the clock; an unknown instance is terminated, as the real one says."""

    clock: Clock
    observations: dict[str, Observation] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)
    """Raised for these instances instead of answering."""
    found: Suspects = field(default_factory=lambda: Suspects((), {}))
    unhealthy: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Target group ARN to instance ids."""
    running_by_zone: dict[str, int] = field(default_factory=dict)
    served: dict[str, dict[str, Served]] = field(default_factory=dict)
    observed: list[tuple[str, tuple[Registration, ...]]] = field(default_factory=list)

    def observe(
        self,
        instance_id: str,
        registrations: Sequence[Registration],
        act_is_near: bool = True,
        stop_is_near: bool = True,
        silenced: bool = False,
    ) -> Observation:
        del act_is_near, stop_is_near, silenced
        self.observed.append((instance_id, tuple(registrations)))
        if instance_id in self.errors:
            raise self.errors[instance_id]
        now = self.clock.now()
        known = self.observations.get(instance_id)
        if known is None:
            return Observation(instance_id, now, InstanceState.TERMINATED, launched_at=now)
        return replace(known, observed_at=now)

    def running(self) -> Mapping[str, int]:
        return self.running_by_zone

    def zone_ids(self) -> Mapping[str, str]:
        return {"us-east-1a": "use1-az4"}

    def serving(self, target_group_arns: Sequence[str]) -> Mapping[str, Mapping[str, Served]]:
        return {arn: self.served.get(arn, {}) for arn in target_group_arns}

    def suspects(self) -> Suspects:
        return self.found

    def unhealthy_targets(self, target_group_arn: str) -> Sequence[str]:
        if target_group_arn in self.errors:
            raise self.errors[target_group_arn]
        return self.unhealthy.get(target_group_arn, ())


@dataclass
class FakeSwitch:
    """Says what ``says`` holds, and counts how often it was asked."""

    says: Switch = Switch.ON
    asked: int = 0

    def read(self) -> Switch:
        self.asked += 1
        return self.says


@dataclass
class FakeActor:
    """Records what it performed; ``answers`` gives an action's text, or the error it raises."""

    answers: dict[Action, str | Exception] = field(default_factory=dict)
    performed: list[tuple[Attempt, Case, Observation]] = field(default_factory=list)

    def perform(self, attempt: Attempt, case: Case, observation: Observation) -> str:
        self.performed.append((attempt, case, observation))
        answer = self.answers.get(attempt.action, "")
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class FakeRouter:
    """Traffic as it goes now, by load balancer; raises ``error`` instead while it is set."""

    away: dict[str, str] = field(default_factory=dict)
    """The zone id that each load balancer's traffic is kept from."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    error: Exception | None = None
    by_aws: Away | None = None
    """What is answered while AWS itself has shifted traffic."""

    def start(self, load_balancer: str, zone_id: str, lasts: timedelta, reason: str) -> Away:
        self._ask("start", load_balancer)
        if self.by_aws is not None:
            return self.by_aws
        self.away[load_balancer] = zone_id
        until = datetime(2026, 4, 30, 12, 0, tzinfo=UTC) + lasts
        return Away(f"shifted away until {until:%H:%M} UTC", "shift-1", until)

    def end(self, load_balancer: str, zone_id: str) -> str:
        self._ask("end", load_balancer)
        self.away.pop(load_balancer, None)
        return "shifted back"

    def _ask(self, move: str, load_balancer: str) -> None:
        self.asked.append((move, load_balancer))
        if self.error is not None:
            raise self.error


@dataclass
class FakeQueues:
    """Keeps what was sent, in order; raises ``error`` instead while it is set."""

    signals: list[Signal] = field(default_factory=list)
    questions: list[tuple[TargetGroupSignal, timedelta]] = field(default_factory=list)
    """Each with how long it is put off."""
    orders: list[Perform] = field(default_factory=list)
    wakes: list[tuple[Wake, datetime]] = field(default_factory=list)
    shifts: list[ShiftOrder] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    sent_again: list[tuple[Notice, datetime]] = field(default_factory=list)
    """Those of them that were sent once more, and when."""
    changes: list[str] = field(default_factory=list)
    handed_on: list[str] = field(default_factory=list)
    """To the pages that follow."""
    turns: list[timedelta] = field(default_factory=list)
    """After how long the page that follows asked for another turn."""
    digests: list[tuple[str, datetime]] = field(default_factory=list)
    error: Exception | None = None

    def signal(self, signals: Sequence[Signal]) -> None:
        self._fail()
        self.signals.extend(signals)

    def ask(self, questions: Sequence[TargetGroupSignal], now: datetime) -> None:
        self._fail()
        self.questions.extend((question, question.at - now) for question in questions)

    def perform(self, effect: Perform) -> None:
        self._fail()
        self.orders.append(effect)

    def wake(self, effect: Wake, now: datetime) -> None:
        self._fail()
        self.wakes.append((effect, now))

    def shift(self, order: ShiftOrder) -> None:
        self._fail()
        self.shifts.append(order)

    def announce(self, notices: Sequence[Notice]) -> None:
        self._fail()
        self.notices.extend(notices)

    def announce_again(self, notices: Sequence[Notice], now: datetime) -> None:
        self.announce(notices)
        self.sent_again.extend((notice, now) for notice in notices)

    def digest(self, contact: str, at: datetime, now: datetime) -> None:
        self._fail()
        self.digests.append((contact, at))

    def follow(self, change: str) -> None:
        self._fail()
        self.changes.append(change)

    def hand_on(self, change: str) -> None:
        self._fail()
        self.handed_on.append(change)

    def again(self, after: timedelta) -> None:
        self._fail()
        self.turns.append(after)

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


@dataclass
class FakeJournal:
    """Keeps every line."""

    decisions: list[tuple[Case | None, Case, Observation]] = field(default_factory=list)
    results: list[tuple[Case, Result]] = field(default_factory=list)
    shifts: list[Shift] = field(default_factory=list)
    without_effect: list[tuple[Answer, str, str]] = field(default_factory=list)
    calls_answered: list[CallAnswer] = field(default_factory=list)
    calls_unheard: list[tuple[CallAnswer, str]] = field(default_factory=list)

    def decided(self, before: Case | None, after: Case, observation: Observation) -> None:
        self.decisions.append((before, after, observation))

    def performed(self, case: Case, result: Result) -> None:
        self.results.append((case, result))

    def shifted(self, shift: Shift) -> None:
        self.shifts.append(shift)

    def heard(self, answer: CallAnswer) -> None:
        self.calls_answered.append(answer)

    def unheard(self, answer: CallAnswer, why: str) -> None:
        self.calls_unheard.append((answer, why))

    def unheeded(self, answer: Answer, instance_id: str, why: str) -> None:
        self.without_effect.append((answer, instance_id, why))


@dataclass
class FakeChannel:
    """Keeps what was published, and when; raises ``error`` instead while it is set."""

    name: str = "fake"
    media: tuple[Medium, ...] = tuple(Medium)
    published: list[Post] = field(default_factory=list)
    clock: Clock | None = None
    times: list[datetime] = field(default_factory=list)
    """When each was published, if there is a clock."""
    error: Exception | None = None
    refused: str = ""
    """The contact whose messages are refused."""
    refusal: CallFailed = field(default_factory=lambda: Rejected("no such topic", "NotFoundException"))
    before: Callable[[], None] | None = None
    after: Callable[[], None] | None = None
    """Called around each publication."""

    def publish(self, post: Post) -> None:
        if self.before is not None:
            self.before()
        if self.error is not None:
            raise self.error
        if post.contact == self.refused:
            raise self.refusal
        self.published.append(post)
        if self.clock is not None:
            self.times.append(self.clock.now())
        if self.after is not None:
            self.after()


@dataclass
class FakeReminders:
    """Keeps what it was asked for."""

    asked: list[tuple[str, datetime, datetime]] = field(default_factory=list)

    untold: list[tuple[str, int, str]] = field(default_factory=list)
    """Notices that go a way alone."""

    def digest(self, contact: str, at: datetime, now: datetime) -> None:
        self.asked.append((contact, at, now))

    def alone(self, notice: Notice, way: str, now: datetime) -> None:
        del now
        self.untold.append((notice.incident_id, notice.sequence, way))
