"""One contact's messages: which go now, which wait, and which are summed up in one. None is left out.

Machines (https) hear of each notice at once: they sort by themselves, and an incident that they do not hear the end of
stays open there. People get at most so many messages within a window, and low ones not in their quiet hours. More than
a few within a minute are a storm: from then on all go in digests, the first of them before a minute is over, each
later one after twice the time, until a whole wait has brought nothing new.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from defib.core.audience import FOR_EVERYBODY
from defib.core.frozen import dataclass, replace
from defib.core.incident import NoticeKind
from defib.core.maintenance import on_until
from defib.core.medium import Medium, media_of
from defib.core.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from defib.core.contact import Contact
    from defib.core.incident import Notice
    from defib.core.messages import MessageLimits

SUMMED_UP_AFTER = timedelta(seconds=50)
"""How long the first notices of a storm wait for others: with its delivery, the digest comes well within a minute."""

STORM = timedelta(minutes=1)
"""How near to each other notices must come to be a storm; the second wait of one is twice that, and so on."""

DOUBLED_MOST = 6
"""How often a storm's wait doubles at most: to more than any storm_window."""

AGAIN_AFTER = timedelta(minutes=1)
"""How long a message that was begun may take before it is believed lost and sent again."""


class Lane(StrEnum):
    """Why a notice waits."""

    STORM = "storm"
    """One of many: summed up, at first within a minute."""
    LIMIT = "limit"
    """The contact has had its share of messages."""
    QUIET = "quiet"
    """It is low, and the contact has quiet hours."""
    MAIL = "mail"
    """E-mail and SMS did not take it when its turn came."""
    CHAT = "chat"
    """The same of chat."""

    @property
    def is_apart(self) -> bool:
        """Whether what waits there was counted when its turn came, and holds up only what goes by the same way."""
        return self in (Lane.MAIL, Lane.CHAT)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that went out to people, or was about to."""

    at: datetime
    about: str
    """The notice's reference, or what a digest begins with."""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Outbox:
    """What is remembered of one contact's messages. Small: what waits is kept beside it, one item each."""

    contact: str
    version: int = 0
    sent: tuple[Sent, ...] = ()
    storm_at: datetime | None = None
    limit_at: datetime | None = None
    quiet_at: datetime | None = None
    """When the notices that wait in each lane are due; None while none does. That of a storm is set while it lasts."""
    mail_at: datetime | None = None
    chat_at: datetime | None = None
    storm_since: datetime | None = None
    """When the storm began; None while there is none."""
    storm_urgent: bool = False
    """Whether it is one of calls for help, too."""
    storm_waits: int = 0
    """How many digests it has had of its kind: each waits twice as long as the one before."""
    storm_digests: int = 0
    storm_notices: int = 0
    """What went out in it, and how many notices that summed up."""

    def at(self, lane: Lane) -> datetime | None:
        """When the notices that wait in ``lane`` are due."""
        match lane:
            case Lane.STORM:
                return self.storm_at
            case Lane.LIMIT:
                return self.limit_at
            case Lane.QUIET:
                return self.quiet_at
            case Lane.MAIL:
                return self.mail_at
            case Lane.CHAT:
                return self.chat_at
        assert_never(lane)

    def due_at(self) -> datetime | None:
        """When anything is due."""
        return min(filter(None, map(self.at, Lane)), default=None)

    def due(self, now: datetime) -> Lane | None:
        """The lane that is due, the most urgent first; of two ways that take nothing each is tried in turn."""
        ready = [lane for lane in Lane if (at := self.at(lane)) is not None and at <= now]
        return min(
            ready, key=lambda lane: (self.at(lane) or now) - now if lane.is_apart else timedelta.min, default=None
        )

    def until(self, lane: Lane, at: datetime | None) -> Outbox:
        """The same with ``lane`` due at ``at``."""
        match lane:
            case Lane.STORM:
                return replace(self, storm_at=at)
            case Lane.LIMIT:
                return replace(self, limit_at=at)
            case Lane.QUIET:
                return replace(self, quiet_at=at)
            case Lane.MAIL:
                return replace(self, mail_at=at)
            case Lane.CHAT:
                return replace(self, chat_at=at)
        assert_never(lane)

    def calm(self) -> Outbox:
        """The same once the storm is over."""
        calm = Outbox(self.contact, self.version, self.sent, limit_at=self.limit_at, quiet_at=self.quiet_at)
        return replace(calm, mail_at=self.mail_at, chat_at=self.chat_at)

    def owes_by(self, media: Iterable[Medium], now: datetime) -> bool:
        """Whether what goes by these comes after what they did not take, which is tried in a moment.

        What is low and sleeps there until the morning keeps nothing waiting, and machines wait for nothing at all.
        """
        people = {*media} - {Medium.HTTPS}
        at = self.at(apart(people)) if people else None
        return at is not None and at <= now + AGAIN_AFTER

    def began(self, about: str) -> bool:
        """Whether a message about this was sent, or was about to be."""
        return any(sent.about == about for sent in self.sent)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that waits for its contact."""

    contact: str
    lane: Lane
    at: datetime
    """When the notice was made."""
    incident_id: str
    sequence: int
    kind: NoticeKind
    severity: Severity
    subject: str
    service: str
    media: tuple[Medium, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """What becomes of one notice for one contact."""

    now: tuple[Medium, ...] = ()
    """The media that it goes out on at once."""
    waits: Waiting | None = None
    """What waits for the others."""


def apart(media: Iterable[Medium]) -> Lane:
    """Where what a channel that carries these media did not take waits for it alone."""
    return Lane.CHAT if Medium.CHAT in media else Lane.MAIL


def reference(notice: Notice) -> str:
    """What a notice is known by in an outbox."""
    return f"{notice.incident_id}#{notice.sequence}"


def decide(
    outbox: Outbox, notice: Notice, contact: Contact, limits: MessageLimits, now: datetime
) -> tuple[Outbox, Decided]:
    """What becomes of ``notice`` for ``contact``, and the outbox that remembers it before anything is sent."""
    media = media_of(notice, contact)
    machines = tuple(medium for medium in media if medium is Medium.HTTPS)
    people = tuple(medium for medium in media if medium is not Medium.HTTPS)
    if not people or outbox.began(reference(notice)):
        return outbox, Decided(media)
    lane = _lane(outbox, notice, contact, limits, now)
    if lane is None:
        sent = Sent(now, reference(notice), notice.severity is Severity.URGENT)
        return replace(outbox, sent=(*recent(outbox.sent, limits, now), sent)), Decided(media)
    blown = _blows(outbox, notice, now) if lane is Lane.STORM else outbox
    due = sooner(blown.at(lane), _due(lane, blown, contact, limits, now))
    asleep = on_until(contact.quiet, due) if notice.severity is Severity.LOW else None
    if asleep is None:
        outbox = blown
    else:
        # Its turn would come when quiet hours have begun.
        lane, due = Lane.QUIET, sooner(outbox.quiet_at, asleep)
    waits = Waiting(
        contact.name,
        lane,
        notice.at,
        notice.incident_id,
        notice.sequence,
        notice.kind,
        notice.severity,
        notice.subject,
        notice.service,
        people,
    )
    return outbox.until(lane, due), Decided(machines, waits)


def sooner(known: datetime | None, due: datetime) -> datetime:
    """Who waits already is not made to wait longer by who comes after."""
    return due if known is None else min(known, due)


def _lane(outbox: Outbox, notice: Notice, contact: Contact, limits: MessageLimits, now: datetime) -> Lane | None:
    urgent = notice.severity is Severity.URGENT
    if notice.severity is Severity.LOW and on_until(contact.quiet, now) is not None:
        return Lane.QUIET
    stormy = outbox.storm_since is not None or outbox.storm_at is not None
    if stormy and (not urgent or outbox.storm_urgent):
        return None if urgent and not _heard_of(outbox, notice, limits, now) else Lane.STORM
    lately = sum(1 for sent in outbox.sent if sent.urgent is urgent and now - sent.at < STORM)
    # In a storm of other messages the first call for help goes at once, and the second makes it one of calls.
    if lately >= (1 if stormy else limits.at_once):
        return Lane.STORM
    full = slot(outbox, limits, now) > now
    return Lane.LIMIT if not urgent and (full or outbox.limit_at is not None) else None


def _blows(outbox: Outbox, notice: Notice, now: datetime) -> Outbox:
    """The outbox in a storm that ``notice`` is part of. The first call for help that waits makes waits short again."""
    outbox = replace(outbox, storm_since=outbox.storm_since or now)
    if notice.severity is Severity.URGENT and not outbox.storm_urgent:
        return replace(outbox, storm_urgent=True, storm_waits=0)
    return outbox


def _heard_of(outbox: Outbox, notice: Notice, limits: MessageLimits, now: datetime) -> bool:
    """Whether the storm has asked for the contact already. Until it has, and for what explains it, nothing waits."""
    within = STORM if notice.service.startswith(FOR_EVERYBODY) else 2 * limits.storm_window
    return any(sent.urgent and now - sent.at < within for sent in outbox.sent)


def _due(lane: Lane, outbox: Outbox, contact: Contact, limits: MessageLimits, now: datetime) -> datetime:
    """When what joins the lane goes. Nothing joins those apart before a channel has failed to take it."""
    if lane is Lane.STORM:
        return now + wait(outbox, limits)
    if lane is Lane.LIMIT:
        return slot(outbox, limits, now)
    return on_until(contact.quiet, now) or now


def wait(outbox: Outbox, limits: MessageLimits) -> timedelta:
    """How long the next digest of the storm waits for what comes."""
    doubled = STORM * 2 ** min(outbox.storm_waits, DOUBLED_MOST)
    return min(doubled, limits.storm_window) if outbox.storm_waits else SUMMED_UP_AFTER


def slot(outbox: Outbox, limits: MessageLimits, now: datetime) -> datetime:
    """When the next message that is not urgent may go."""
    counted = [sent.at for sent in outbox.sent if not sent.urgent and now - sent.at < limits.window]
    return now if len(counted) < limits.most else counted[-limits.most] + limits.window


def recent(sent: tuple[Sent, ...], limits: MessageLimits, now: datetime) -> tuple[Sent, ...]:
    """Those of ``sent`` that still count for anything."""
    kept = max(limits.window, 2 * limits.storm_window, STORM, AGAIN_AFTER)
    return tuple(message for message in sent if now - message.at < kept)
