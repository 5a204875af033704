"""One instance's repair, from first signal to healed or handed over: decisions, attempts, the case, its effects."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from defib.core.approval import Approval
from defib.core.frozen import dataclass, replace
from defib.core.model import Cause, Event, Registration, Result, Source, Verdict


class Action(StrEnum):
    """The rungs of the ladder that call AWS."""

    EVIDENCE = "evidence"
    REBOOT = "reboot"
    DRAIN = "drain"
    STOP = "stop"
    FORCE_STOP = "force_stop"
    START = "start"
    RESTORE = "restore"
    SKIP_OS_SHUTDOWN = "skip_os_shutdown"
    """Stop it without letting its system shut down."""
    RESIZE = "resize"
    """Give it another instance type while it is stopped."""
    ENTER_STANDBY = "enter_standby"
    EXIT_STANDBY = "exit_standby"
    REPLACE = "replace"
    """Its Auto Scaling group terminates it and launches another."""
    SUPPRESS_CHECK = "suppress_check"
    """Its application status check counts for nothing during the repair."""
    RESUME_CHECK = "resume_check"


STOPS = (Action.STOP, Action.FORCE_STOP, Action.SKIP_OS_SHUTDOWN)
"""Every form of StopInstances."""


class Outcome(StrEnum):
    """How a case closed."""

    NOTHING_WRONG = "nothing_wrong"
    RECOVERED = "recovered"
    """Well again though Defib did nothing to it."""
    HEALED = "healed"
    LEFT_ALONE = "left_alone"
    TERMINATED = "terminated"
    REPLACED = "replaced"
    """Terminated by its Auto Scaling group because Defib said that it is unhealthy."""
    HANDED_OVER = "handed_over"  # none does any more (decision 64), but some are stored
    GAVE_WAY = "gave_way"
    """It waited for an announced event when the instance failed: the failure has the next case."""


@dataclass(frozen=True, slots=True)
class Act:
    """Do ``action`` now; look again at ``look_again_at`` if no result came."""

    action: Action
    reason: str
    look_again_at: datetime
    to: str = ""
    """What it is to become: for a RESIZE, the instance type."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Time must pass before anything is known or due; where it is ``idle`` Defib has done its part, others go on."""

    reason: str
    look_again_at: datetime
    idle: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """A guard forbids ``action`` for now; people are told what Defib would have done."""

    action: Action
    guard: str
    reason: str
    look_again_at: datetime


@dataclass(frozen=True, slots=True)
class Escalate:
    """Defib can't or mustn't go on; ``ask`` is what a person should do."""

    reason: str
    ask: str
    look_again_at: datetime


@dataclass(frozen=True, slots=True)
class Close:
    """Nothing is left to do. The sweep goes on looking at the instance, as at every other."""

    outcome: Outcome
    reason: str


Decision = Act | Wait | Hold | Escalate | Close


@dataclass(frozen=True, slots=True)
class Attempt:
    """One action: the intent, remembered before the act, then who took it up, then its result."""

    number: int
    action: Action
    reason: str
    intended_at: datetime
    claimed_at: datetime | None = None
    result: Result | None = None
    to: str = ""
    """What it is to become: for a RESIZE, the instance type."""

    @property
    def done_at(self) -> datetime | None:
        """When AWS accepted it, or may have: an act taken up whose answer was lost counts until a look says more.

        None while pending and when it was surely not carried out.
        """
        if self.result is None:
            return None
        verdict = self.result.verdict
        done = verdict is Verdict.DONE or (verdict is Verdict.LOST and self.claimed_at is not None)
        return self.result.at if done else None


@dataclass(frozen=True, slots=True)
class Case:
    """One instance's repair. A value: every change makes a new one with the next version."""

    instance_id: str
    number: int
    service: str
    name: str
    zone: str
    opened_at: datetime
    opened_by: Source
    cause: Cause
    since: datetime
    """When the present cause began."""
    evidence: tuple[str, ...] = ()
    version: int = 0
    """0 until stored; each write requires the version it read."""
    failing_since: datetime | None = None
    """When the trouble this case is about began; kept when the cause changes on the way."""
    confirmed_at: datetime | None = None
    """When the failure had outlived patience; people are told from here on."""
    confirmed_cause: Cause | None = None
    attempts: tuple[Attempt, ...] = ()
    registrations: tuple[Registration, ...] = ()
    """Where load balancers sent it traffic before Defib drained it."""
    drained_before: bool = False
    """Whether an earlier case took it out of ``registrations``, and closed before it was put back."""
    standby_places: tuple[Registration, ...] = ()
    """Where load balancers sent it traffic before Defib put it in Standby: its group puts it back there."""
    drained_serving: bool = False
    """Whether a load balancer still called it healthy when it was drained, so that requests may be open."""
    healthy_since: datetime | None = None
    reason: str = ""
    """Why the last decision was taken."""
    held_by: str = ""
    """The guard that holds the next action, or empty."""
    held_action: Action | None = None
    """What the guard holds."""
    told_of: tuple[str, ...] = ()
    """The guards that people have been told of, as ``planned.told_as`` names them; none is told twice."""
    idle: bool = False
    """Whether Defib has done its part, and waits for AWS's list of events, or for its group, to follow."""
    look_again_at: datetime | None = None
    resumed_at: datetime | None = None
    """When people last ended a pause of the repair: its age counts from then."""
    handed_over_at: datetime | None = None
    asked_again_at: datetime | None = None
    """When people were last told anew, since it had not been mended for long."""
    ask: str = ""
    """What a person was asked to do when the case was handed over."""
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    instance_type: str = ""
    """Its type when the case was opened."""
    group: str = ""
    """The Auto Scaling group that it is a member of, or empty."""
    healed_before: tuple[datetime, ...] = ()
    """When earlier cases of the instance were healed, lately (core/heals.py); the oldest first."""
    event: Event | None = None
    """What AWS has announced to do to it: the next event, or the last one that was announced."""
    reminded_at: datetime | None = None
    """When people were reminded of that event, as nothing that Defib does avoids it."""
    approval: Approval | None = None
    """What people were asked about this repair; None until they are, which only approve mode does."""

    @property
    def id(self) -> str:
        return f"{self.instance_id}-{self.number}"

    @property
    def intent(self) -> Attempt | None:
        """The attempt that has no result yet."""
        return self.attempts[-1] if self.attempts and self.attempts[-1].result is None else None

    @property
    def standby(self) -> Attempt | None:
        """The attempt that put it in Standby of its group, as far as anyone knows; None when it was returned since."""
        left = self.last(Action.EXIT_STANDBY)
        since = reversed(self.attempts[left.number if left is not None else 0 :])
        entered = (a for a in since if a.action is Action.ENTER_STANDBY and a.result is not None)
        return next((a for a in entered if a.result and a.result.verdict in (Verdict.DONE, Verdict.LOST)), None)

    @property
    def drained(self) -> Attempt | None:
        """The attempt that took it out of its target groups; None when it was put back since."""
        drain, restore = self.last(Action.DRAIN), self.last(Action.RESTORE)
        return None if drain is not None and restore is not None and restore.number > drain.number else drain

    @property
    def pending_act(self) -> Attempt | None:
        """The intent that is to change something: evidence is only read."""
        intent = self.intent
        return intent if intent is not None and intent.action is not Action.EVIDENCE else None

    @property
    def begun(self) -> bool:
        """Whether Defib has set about repairing it, though perhaps nothing came of it yet."""
        return any(a.action is not Action.EVIDENCE for a in self.attempts)

    @property
    def acted(self) -> bool:
        """Whether Defib has changed anything about it, or may have."""
        return any(a.action is not Action.EVIDENCE and a.done_at for a in self.attempts)

    @property
    def is_away(self) -> bool:
        """Whether Defib has stopped or drained it, or put it in Standby, and not ended that: a start may fall back."""
        power = self.last(*STOPS, Action.START)
        is_stopped = power is not None and (power.action is not Action.START or self.owes_start(self.cause))
        return is_stopped or self.drained is not None or self.standby is not None

    def owes_start(self, cause: Cause) -> bool:
        """Whether Defib has stopped it in this repair, and it is down, even if it ran in between.

        Whether a start came to nothing, or what it started fell again, EC2 does not say.
        """
        return cause is Cause.STOPPED_BY_DEFIB or (cause is Cause.STOPPED_UNASKED and self.last(*STOPS) is not None)

    @property
    def waits_its_turn(self) -> bool:
        """Whether it takes no place of what ``limits`` allow: held, or idle, while Defib keeps it from nothing."""
        return (self.idle and self.last(Action.REPLACE) is None) or (bool(self.held_by) and not self.is_away)

    def last(self, *actions: Action) -> Attempt | None:
        """The newest attempt at any of ``actions`` that AWS accepted, or may have."""
        for attempt in reversed(self.attempts):
            if attempt.action in actions and attempt.done_at:
                return attempt
        return None

    def count(self, *actions: Action) -> int:
        """How many attempts at any of ``actions`` AWS accepted, or may have."""
        return sum(1 for a in self.attempts if a.action in actions and a.done_at)

    def tried(self, action: Action) -> tuple[Attempt, ...]:
        """The attempts at ``action`` since the last start that AWS accepted, or may have: those of this climb."""
        started = self.last(Action.START)
        since = started.number if started is not None else 0
        return tuple(a for a in self.attempts[since:] if a.action is action and a.done_at)

    def to_repeat(self, action: Action, settle: timedelta, now: datetime) -> bool:
        """Whether the one attempt at ``action`` in this climb was never answered, and ``settle`` has shown no effect.

        Only for what is the same done twice. A second silence is believed.
        """
        tried = self.tried(action)
        if len(tried) != 1 or tried[0].result is None or tried[0].result.verdict is not Verdict.LOST:
            return False
        return now >= tried[0].result.at + settle

    def with_intent(self, action: Action, reason: str, now: datetime, to: str = "") -> Case:
        """Remember what is about to be done, before it is done."""
        return replace(self, attempts=(*self.attempts, Attempt(len(self.attempts) + 1, action, reason, now, to=to)))

    def with_claim(self, now: datetime) -> Case:
        """Take up the pending intent, so that no other process does."""
        assert self.intent is not None
        return self._with_last(replace(self.intent, claimed_at=now))

    def with_result(self, result: Result) -> Case:
        """Record how the pending intent ended; a result of any other attempt changes nothing."""
        intent = self.intent
        if intent is None or (result.case_id, result.attempt) != (self.id, intent.number):
            return self
        return self._with_last(replace(intent, result=result))

    def _with_last(self, attempt: Attempt) -> Case:
        return replace(self, attempts=(*self.attempts[:-1], attempt))
