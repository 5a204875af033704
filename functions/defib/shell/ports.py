"""What the shell needs of the outside world. ``aws/`` keeps these promises with boto3; tests and replays in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Protocol

from defib.core.answer.mail import AnswerLink
from defib.core.approval import Answer
from defib.core.call import CallAnswer
from defib.core.canary import Canary
from defib.core.case import Attempt, Case
from defib.core.effect import Perform, Wake
from defib.core.frozen import dataclass
from defib.core.incident import Notice
from defib.core.medium import Medium
from defib.core.model import Observation, Registration, Result, Signal, Switch, TargetGroupSignal
from defib.core.post import Post
from defib.core.shift import Served, Shift, ShiftOrder


class CallFailed(Exception):
    """A call out failed. ``code`` is the AWS error code, or the name of what cut the call off, or empty."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Transient(CallFailed):
    """A passing fault of a call out (throttle, timeout, 5xx): the same call may succeed later."""


class Unanswered(Transient):
    """A call out ended without an answer that says whether it was carried out: only a new look can tell."""


class Rejected(CallFailed):
    """A call out that will fail again as it is (permission, validation): a person must mend something."""


def try_all(calls: Iterable[Callable[[], object]]) -> None:
    """Make each of ``calls`` though others fail. Raises the first CallFailed when all have been tried.

    Where nothing answers, nothing more is tried: the rest would outlast the function. Raises Unanswered at once.
    """
    failed: list[CallFailed] = []
    for call in calls:
        try:
            call()
        except Unanswered:
            raise
        except CallFailed as error:
            failed.append(error)
    if failed:
        raise failed[0]


class Malformed(ValueError):
    """A message that is neither a known AWS event nor one of Defib's own; it belongs in a dead-letter queue."""


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        ...


class Heartbeats(Protocol):
    """Word for whoever watches Defib from outside."""

    def swept(self, at: datetime) -> None:
        """A sweep has seen everything. Raises Transient or Rejected."""
        ...

    def came_out(self, canary: Canary, at: datetime) -> None:
        """A canary has come the way that it went by. Raises Transient or Rejected."""
        ...


class Observer(Protocol):
    """Reads, and only reads, what AWS says."""

    def observe(
        self,
        instance_id: str,
        registrations: Sequence[Registration],
        act_is_near: bool = True,
        stop_is_near: bool = True,
        silenced: bool = False,
    ) -> Observation:
        """One instance now. ``registrations`` are places to look at even though nothing is registered there now.

        Unless ``act_is_near``, what only guards ask for (peers, the other targets, traits) is not read; unless
        ``stop_is_near``, no traits. Where Defib has ``silenced`` its application check, what it says beneath that is.
        An instance that EC2 no longer knows is observed as terminated. ``under_repair`` is left 0.
        Raises Transient or Rejected.
        """
        ...

    def suspects(self) -> Suspects:
        """Every opted-in instance that may be in trouble, in about six calls at any fleet size."""
        ...

    def running(self) -> Mapping[str, int]:
        """How many opted-in instances run, by zone. Raises Transient or Rejected."""
        ...

    def zone_ids(self) -> Mapping[str, str]:
        """The id of each zone, the same in every account, by its name here. Raises Transient or Rejected."""
        ...

    def serving(self, target_group_arns: Sequence[str]) -> Mapping[str, Mapping[str, Served]]:
        """By target group ARN and zone, the registered and the healthy targets; nothing of a group that is not there.

        Raises Transient or Rejected.
        """
        ...

    def unhealthy_targets(self, target_group_arn: str) -> Sequence[str]:
        """Instance ids that a target group reports unhealthy."""
        ...


@dataclass(frozen=True, slots=True)
class Suspects:
    """What a sweep found, and which of its questions AWS did not answer."""

    observations: tuple[Observation, ...]
    unanswered: Mapping[str, str]
    """Question to error; a sweep with any is incomplete and says so."""
    gone: Mapping[str, str] = field(default_factory=dict)
    """What the policy names and AWS does not know, to its error: it hides nobody, but a person must mend the policy."""


class KillSwitch(Protocol):
    """The operator's way to stop every act of Defib's at once."""

    def read(self) -> Switch:
        """What it says at this moment; never from memory, and never an exception."""
        ...


class Actor(Protocol):
    """Carries out one action. ``aws/`` has one file for each."""

    def perform(self, attempt: Attempt, case: Case, observation: Observation) -> str:
        """Do it once; returns what people should know of it (may be empty). Raises Transient or Rejected."""
        ...


@dataclass(frozen=True, slots=True)
class Away:
    """Traffic goes elsewhere, or can't for now."""

    detail: str
    """What people read."""
    id: str = ""
    """ARC's id of the shift; empty when it is not Defib's own, so that Defib must not end it."""
    until: datetime | None = None
    """When it ends by itself; None when nobody knows: it is AWS's own."""
    held: bool = False
    """Whether nothing was shifted, because of something that ends by itself."""


class Router(Protocol):
    """Shifts traffic between zones. Both look first: what is as it should be already is not done again."""

    def start(self, load_balancer: str, zone_id: str, lasts: timedelta, reason: str) -> Away:
        """Send no traffic of the load balancer (an ARN) to the zone. Raises Transient or Rejected."""
        ...

    def end(self, load_balancer: str, zone_id: str) -> str:
        """End what Defib has begun, and only that; returns what people read. Raises Transient or Rejected."""
        ...


class Queues(Protocol):
    """The way onward."""

    def signal(self, signals: Sequence[Signal]) -> None: ...

    def ask(self, questions: Sequence[TargetGroupSignal], now: datetime) -> None:
        """To ``diagnose``, each when its time has come. Delayed as ``wake`` is."""
        ...

    def perform(self, effect: Perform) -> None:
        """To ``evidence`` for Action.EVIDENCE, to ``remediate`` for all others."""
        ...

    def wake(self, effect: Wake, now: datetime) -> None:
        """Delayed by at most 900 s (SQS DelaySeconds); the sweep wakes whatever is due later."""
        ...

    def shift(self, order: ShiftOrder) -> None:
        """To ``remediate``."""
        ...

    def follow(self, change: str) -> None:
        """Have the status page follow, if there is one; the same ``change`` within five minutes does so once."""
        ...

    def announce(self, notices: Sequence[Notice]) -> None:
        """To ``publish``, in order within an incident. What has been sent before is not sent twice."""
        ...

    def announce_again(self, notices: Sequence[Notice], now: datetime) -> None:
        """The same of what is yet to go out: sent once more where its last message has been given up by now."""
        ...

    def digest(self, contact: str, at: datetime, now: datetime) -> None:
        """To ``publish``: what waits for the contact is due at ``at``. Delayed as ``wake`` is."""
        ...


class Channel(Protocol):
    """One way to tell people."""

    name: str
    media: tuple[Medium, ...]
    """What it carries; no medium is carried by two."""

    def publish(self, post: Post) -> None:
        """Raises Transient or Rejected."""
        ...


class Links(Protocol):
    """What a message needs so that one can answer it from a phone."""

    def link_for(self, notice: Notice, contact: str) -> AnswerLink | None:
        """The link in the message to ``contact`` (empty: to all who hear of the notice's service).

        None for a notice that asks for nobody, and when no link can be made now: a message waits for no link.
        """
        ...

    def link_to_all(self, incident_ids: Sequence[str], contact: str, at: datetime) -> AnswerLink | None:
        """The link to all of these in one message to ``contact``, of whose notices the newest was made at ``at``.

        None when no link can be made now.
        """
        ...


class Journal(Protocol):
    """Structured log lines and metrics."""

    def decided(self, before: Case | None, after: Case, observation: Observation) -> None: ...

    def performed(self, case: Case, result: Result) -> None: ...

    def unheeded(self, answer: Answer, instance_id: str, why: str) -> None:
        """Somebody's answer has changed nothing."""
        ...

    def shifted(self, shift: Shift) -> None: ...

    def heard(self, answer: CallAnswer) -> None: ...

    def unheard(self, answer: CallAnswer, why: str) -> None:
        """Somebody's answer to a call has changed nothing."""
        ...
