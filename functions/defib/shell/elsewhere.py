"""Another page follows: look what it was told, make the one next call, remember what came of it, ask for another turn.

Called after every change of this page and once a minute; a call that is lost is made good by the next. What is about to
be told is remembered first: whoever finds that, and not what came of it, looks there before anything is told again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from defib.core.frozen import dataclass, replace
from defib.core.incident import Notice
from defib.core.page.elsewhere import OtherPage
from defib.core.page.elsewhere_news import news
from defib.core.page.follow import done, let_go, next_step, next_tell, taken_up
from defib.core.page.followed import About, Doing, Followed
from defib.core.page.model import PublicIncident, Shown
from defib.core.page.pace import (
    Failed,
    Failure,
    about_to,
    is_due,
    looking,
    nothing_left,
    went_well,
    went_wrong,
)
from defib.core.page.planned import by_id, planned
from defib.core.page.steps import Done, Front, Stand, Step, Tell
from defib.core.page.words import words
from defib.core.policy import Policy
from defib.shell.page import Announcements
from defib.shell.ports import CallFailed, Clock, Rejected, Transient
from defib.shell.store import Conflict
from defib.shell.timelines import whole


class Slower(Transient):
    """The other side is called too often. ``after`` is how long it wants to be left alone, if it says so."""

    def __init__(self, message: str, code: str = "", after: timedelta | None = None) -> None:
        super().__init__(message, code)
        self.after = after


class Unfit(Rejected):
    """This one call will fail again as it is; others may pass."""


class Gone(Unfit):
    """What the call is about has been deleted there."""


class Channel(Protocol):
    """One way to tell another page. Each method makes one call, or as few as will do, and never waits for a turn.

    Raises Transient (Slower, Unanswered among them) or Rejected (Unfit, Gone among them). No error holds a secret.
    """

    def tell(self, tell: Tell) -> Done: ...

    def was_told(self, tell: Tell) -> Done | None:
        """Look whether ``tell`` has been carried out; None when it has not."""
        ...

    def stand(self, stand: Stand) -> Done: ...


class FollowStore(Protocol):
    """What is remembered of this page and of those that follow. All reads are strongly consistent."""

    def shown(self) -> Shown: ...

    def public_incident(self, number: int) -> PublicIncident | None:
        """Of that number, a draft or a withdrawn one, too."""
        ...

    def followed(self, name: str) -> Followed: ...

    def remember_followed(self, name: str, followed: Followed, notices: Sequence[Notice] = ()) -> Followed:
        """Write all or nothing and return it with its new version. Raises Conflict when others wrote first."""
        ...


class Turns(Protocol):
    """The way to another turn."""

    def again(self, after: timedelta) -> None: ...


@dataclass(frozen=True, slots=True)
class Following:
    """What following needs of the outside world, and of the operator's file."""

    clock: Clock
    store: FollowStore
    channel: Channel
    staff: Announcements
    turns: Turns
    other: OtherPage
    policy: Policy


class Came(StrEnum):
    """What came of a turn."""

    NOT_DUE = "it is not time"
    NOTHING = "nothing to tell"
    TOLD = "told"
    FOUND = "had been told"
    NOT_FOUND = "had not been told"
    GONE = "was deleted there"
    FAILED = "failed"
    OVERTAKEN = "another turn was first"


@dataclass(frozen=True, slots=True)
class Turned:
    """One turn."""

    came: Came
    what: str = ""
    problem: str = ""


def follow_elsewhere(edges: Following) -> Turned:
    """One turn of one other page: at most one call. Raises Transient or Rejected when AWS fails."""
    try:
        return _turn(edges)
    except Conflict:
        # Whoever was first has made the call, or is about to.
        return Turned(Came.OVERTAKEN)


def _turn(edges: Following) -> Turned:
    now, other, policy = edges.clock.now(), edges.other, edges.policy
    followed = edges.store.followed(other.name)
    if not is_due(followed, now):
        return Turned(Came.NOT_DUE)
    front = _front(followed, edges.store, policy, now)
    known, said = taken_up(followed, front, other, now), words(policy.page.language)
    if known.doing is not None:
        doubt = _in_doubt(known, known.doing, front, other, policy, now)
        if doubt is not None:
            return _look(known, doubt, edges, now)
        known = replace(known, doing=None)
    step = next_step(known, front, other, said, now)
    if step is not None:
        return _carry_out(known, step, edges, now)
    if next_step(replace(known, held=()), front, other, said, now) is None:
        known = nothing_left(known)
    if known != followed:
        _remember(followed, known, edges)
    return Turned(Came.NOTHING)


def _front(followed: Followed, store: FollowStore, policy: Policy, now: datetime) -> Front:
    shown = store.shown()
    told = {int(item.key): int(item.told or 0) for item in followed.items if item.about is About.INCIDENT}
    incidents = {incident.number: incident for incident in shown.open} | whole(shown, store, told)
    numbers = set(told)
    if followed.version:
        numbers |= set(range(followed.counted + 1, shown.last_number + 1))
    for number in sorted(numbers - incidents.keys()):
        incident = store.public_incident(number)
        if incident is not None:
            incidents[number] = incident
    known = [item.outage for item in followed.items if item.outage is not None]
    return Front(shown.components, shown.last_number, incidents, by_id(planned(policy, now, known)))


def _in_doubt(
    known: Followed, doing: Doing, front: Front, other: OtherPage, policy: Policy, now: datetime
) -> Tell | None:
    """What may have been told or not; None where it makes no difference: what is told next is another thing."""
    item = known.item(doing.what)
    if item is None:
        return None
    tell = next_tell(item, known, front, other, words(policy.page.language), now)
    if tell is None or tell.part != doing.part:
        return None
    if tell.mark == doing.mark:
        return tell
    if item.remote or other.manner.by_component:
        return None
    # It may have been made there, whatever is to be told of it by now: with the words of then.
    return replace(tell, mark=doing.mark, body=tell.body if item.outage is None else item.outage.body)


def _look(known: Followed, tell: Tell, edges: Following, now: datetime) -> Turned:
    before = edges.store.remember_followed(edges.other.name, looking(known, now))
    try:
        found = edges.channel.was_told(tell)
    except Gone:
        return _finish(before, let_go(went_well(before, tell.what, now), tell.what), Came.GONE, tell, edges)
    except CallFailed as error:
        return _fail(before, tell, error, edges, looked=True)
    after = went_well(before, tell.what, edges.clock.now())
    if found is None:
        return _finish(before, after, Came.NOT_FOUND, tell, edges)
    return _finish(before, done(after, tell, found), Came.FOUND, tell, edges)


def _carry_out(known: Followed, step: Step, edges: Following, now: datetime) -> Turned:
    before = edges.store.remember_followed(edges.other.name, about_to(known, step, now))
    try:
        result = edges.channel.tell(step) if isinstance(step, Tell) else edges.channel.stand(step)
    except Gone as error:
        if not isinstance(step, Tell):
            return _fail(before, step, error, edges, looked=False)
        return _finish(before, let_go(went_well(before, step.what, now), step.what), Came.GONE, step, edges)
    except CallFailed as error:
        return _fail(before, step, error, edges, looked=False)
    after = done(went_well(before, step.what, edges.clock.now()), step, result)
    return _finish(before, after, Came.TOLD, step, edges)


def _fail(before: Followed, step: Step, error: CallFailed, edges: Following, *, looked: bool) -> Turned:
    match error:
        case Slower():
            failed = Failed(Failure.SLOWER, str(error), error.after)
        case Transient():
            failed = Failed(Failure.UNANSWERED, str(error))
        case Unfit():
            failed = Failed(Failure.UNFIT, str(error))
        case _:
            failed = Failed(Failure.REFUSED, str(error))
    after = went_wrong(before, step.what, failed, edges.clock.now(), looked=looked)
    return _finish(before, after, Came.FAILED, step, edges, str(error))


def _finish(before: Followed, after: Followed, came: Came, step: Step, edges: Following, problem: str = "") -> Turned:
    written = _remember(before, after, edges)
    if written.quiet_until is not None:
        edges.turns.again(max(written.quiet_until - edges.clock.now(), timedelta(0)))
    mark = f" {step.mark} {step.part}".rstrip() if isinstance(step, Tell) else f" {step.status}"
    return Turned(came, step.what + mark, problem)


def _remember(before: Followed, after: Followed, edges: Following) -> Followed:
    told, notice = news(before, after, edges.other, edges.policy, edges.clock.now())
    notices = [] if notice is None else [notice]
    written = edges.store.remember_followed(edges.other.name, told, notices)
    if notices:
        edges.staff.announce(notices)
    return written
