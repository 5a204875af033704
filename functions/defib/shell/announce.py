"""One notice out, to each contact that it is for, once: now, or summed up with others when its contact is due.

What went out is marked, so that the sweep need not send it again. A process that dies anywhere makes people read a
message twice, never miss one: a notice stays in the ``due`` index until all its contacts have it, or have it waiting.

One message after the other tells of an incident. What a channel does not take goes by messages of its own from then on,
in order and tried as often as any: they hold up nothing that goes another way (docs/decisions/0060).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from defib.core.audience import audience
from defib.core.contact import Contact
from defib.core.frozen import dataclass
from defib.core.incident import Notice
from defib.core.medium import Medium, media_of
from defib.core.outbox import Decided, Outbox, decide
from defib.core.policy import Policy
from defib.core.post import Places, post_of
from defib.core.severity import Severity
from defib.shell.outboxes import Mail
from defib.shell.ports import CallFailed, Channel, Clock, Links, Transient, Unanswered
from defib.shell.store import Conflict, Store

CONFLICTS_MAX = 8
"""How often one message starts afresh because someone else wrote first; then it is delivered again later."""

CHAIN_MOST = 10
"""How many of an incident's notices one message sends at most: those that should have gone before its own, and that."""

WAITS = "waits"
"""The mark of a contact that a notice waits for."""

ALONE = "alone"
"""The mark of a way (a contact and a channel) that a notice goes by messages of its own: by no other, or two at once
would tell of it twice."""


class Reminders(Protocol):
    """The way to be called again: when a contact's messages are due, and for whoever could not be told."""

    def digest(self, contact: str, at: datetime, now: datetime) -> None:
        """At ``at``, or as late as the queue can wait; the sweep finds whatever is due later."""
        ...

    def alone(self, notice: Notice, way: str, now: datetime) -> None:
        """At once, unless it is on its way; in order for each way, which waits for no other."""
        ...


@dataclass(frozen=True, slots=True)
class Announcing:
    """What announcing needs of the outside world."""

    clock: Clock
    store: Store
    mail: Mail
    channels: tuple[Channel, ...]
    reminders: Reminders
    places: Places
    links: Links


def announce(incident_id: str, sequence: int, edges: Announcing, policy: Policy) -> bool:
    """Tell every contact of the notice unless it already went out; False when there is nothing to tell.

    Those of the same incident that should have gone before it go before it: their own messages may have been set aside.
    A way by which it can't be told keeps it from no other: what goes that way goes alone, until it can be told again.
    Raises Conflict when others wrote first too often, Transient or Rejected when the table or the queue fails.
    """
    first, *rest = _chain(incident_id, sequence, edges) or (None,)
    behind = _ways_left(first, edges, policy)
    answered, is_next = True, first is None
    alone: dict[str, Notice] = {}
    for notice in filter(None, rest):
        left, answered = _announce(notice, behind, answered, is_next, edges, policy)
        behind |= left
        is_next = is_next and not left
        alone |= dict.fromkeys(left, notice)
    for way, newest in alone.items():
        edges.reminders.alone(newest, way, edges.clock.now())
    return bool(rest)


def announce_alone(incident_id: str, sequence: int, way: str, edges: Announcing, policy: Policy) -> bool:
    """Tell of the notice, and of those before it, by this one way; False when there is nothing to tell.

    Raises what the channel raises, and else as ``announce`` does.
    """
    first, *rest = _chain(incident_id, sequence, edges) or (None,)
    if way in _ways_left(first, edges, policy):
        # That one has its turn by another message.
        return False
    is_next = first is None
    for notice in filter(None, rest):
        marks = edges.mail.told(notice.incident_id, notice.sequence)
        failed = _tell_by(frozenset({way}), notice, marks, edges, policy)
        if failed is not None:
            raise failed
        is_next = not _finish(notice, is_next, edges, policy) and is_next
    return bool(rest)


def taken_along(notices: Sequence[Notice]) -> list[Notice]:
    """Those of unpublished ``notices`` whose messages take all the others along.

    Were there a message for each, what is new would wait behind all that somebody can't be told.
    """
    chosen: list[Notice] = []
    along = 0
    for notice in sorted(notices, key=lambda notice: (notice.incident_id, notice.sequence)):
        last = chosen[-1] if chosen else None
        follows = last is not None and (last.incident_id, last.sequence + 1) == (notice.incident_id, notice.sequence)
        if follows and along < CHAIN_MOST:
            chosen[-1], along = notice, along + 1
        else:
            chosen, along = [*chosen, notice], 1
    return sorted(chosen, key=lambda notice: (notice.at, notice.sequence))


def _chain(incident_id: str, sequence: int, edges: Announcing) -> list[Notice | None]:
    """The notice with those before it that have not gone out either, oldest first; nothing if it has gone out.

    Of the first none is announced here: it is published (None), or has its turn by another message.
    """
    notice = edges.store.notice(incident_id, sequence)
    if notice is None or edges.store.published_at(incident_id, sequence) is not None:
        return []
    chain: list[Notice | None] = [notice]
    while len(chain) <= CHAIN_MOST and chain[0] is not None:
        chain.insert(0, _unpublished_before(chain[0], edges))
    return chain


def _unpublished_before(notice: Notice, edges: Announcing) -> Notice | None:
    incident_id, before = notice.incident_id, notice.sequence - 1
    if before < 1 or edges.store.published_at(incident_id, before) is not None:
        return None
    return edges.store.notice(incident_id, before)


def _announce(
    notice: Notice, behind: frozenset[str], answered: bool, is_next: bool, edges: Announcing, policy: Policy
) -> tuple[frozenset[str], bool]:
    """Tell by each way that is not ``behind``, so that none is told out of turn; by none once one has not ``answered``.

    Returns the ways by which it is yet to be told, each alone from now on, and whether channels still answer.
    """
    marks = edges.mail.told(notice.incident_id, notice.sequence)
    ways = _ways(notice, marks, edges, policy)
    turn = frozenset(way for way in ways if answered and way not in behind and f"{way} {ALONE}" not in marks)
    failed = _tell_by(turn, notice, marks, edges, policy)
    if failed is None and turn == ways:
        _publish(notice, is_next, edges)
        return frozenset(), answered
    left = _finish(notice, is_next, edges, policy) if turn else ways
    for way in left:
        if f"{way} {ALONE}" not in marks:
            edges.mail.mark_told(notice.incident_id, notice.sequence, f"{way} {ALONE}")
    return left, answered and not isinstance(failed, Unanswered)


def _finish(notice: Notice, is_next: bool, edges: Announcing, policy: Policy) -> frozenset[str]:
    """Mark the notice as published if nobody is left to be told, also by another message; else by which ways."""
    left = _ways_left(notice, edges, policy)
    if not left:
        _publish(notice, is_next, edges)
    return left


def _publish(notice: Notice, is_next: bool, edges: Announcing) -> None:
    """Only after the one before it: whoever is yet to be told of that would else be told of later ones first."""
    if is_next:
        edges.store.mark_published(notice.incident_id, notice.sequence, edges.clock.now())


def _ways_left(notice: Notice | None, edges: Announcing, policy: Policy) -> frozenset[str]:
    """The ways by which the notice is yet to be told; none if it is published, or there is none."""
    if notice is None or edges.store.published_at(notice.incident_id, notice.sequence) is not None:
        return frozenset()
    return _ways(notice, edges.mail.told(notice.incident_id, notice.sequence), edges, policy)


def _ways(notice: Notice, marks: frozenset[str], edges: Announcing, policy: Policy) -> frozenset[str]:
    told = audience(notice.service, notice.tier, policy)
    return frozenset(_way(contact, channel) for contact in told for channel in _left(notice, contact, marks, edges))


def _way(contact: Contact, channel: Channel) -> str:
    """What a contact and a channel are known by, and the mark that the contact has heard by it."""
    return f"{contact.name} {channel.name}"


def _left(notice: Notice, contact: Contact, marks: frozenset[str], edges: Announcing) -> tuple[Channel, ...]:
    """The channels by which the contact is yet to be told; none of people where it waits for them."""
    media = {*media_of(notice, contact)}
    if f"{contact.name} {WAITS}" in marks:
        media &= {Medium.HTTPS}
    return tuple(c for c in edges.channels if media & {*c.media} and _way(contact, c) not in marks)


def _tell_by(
    ways: frozenset[str], notice: Notice, marks: frozenset[str], edges: Announcing, policy: Policy
) -> CallFailed | None:
    """Tell by those of the ``ways`` that are left; returns what kept one of them from it.

    Where a channel does not answer nothing more is tried: the rest would outlast the function.
    """
    failed: CallFailed | None = None
    for contact in audience(notice.service, notice.tier, policy):
        channels = [c for c in _left(notice, contact, marks, edges) if _way(contact, c) in ways]
        if channels and not isinstance(failed, Unanswered):
            failed = _tell(notice, contact, channels, marks, edges, policy) or failed
    return failed


def _tell(
    notice: Notice,
    contact: Contact,
    channels: Sequence[Channel],
    marks: frozenset[str],
    edges: Announcing,
    policy: Policy,
) -> CallFailed | None:
    """Remember what becomes of the notice before anything is sent: then no two processes exceed a limit together."""
    decided, outbox = _decide(notice, contact, marks, edges, policy)
    failed: CallFailed | None = None
    for channel in channels:
        media = tuple(medium for medium in decided.now if medium in channel.media)
        if not media:
            continue
        # A call for help waits for none of that.
        if notice.severity is not Severity.URGENT and outbox.owes_by(media, edges.clock.now()):
            failed = Transient(f"{contact.name} is yet to get by {channel.name} what came before")
            continue
        link = edges.links.link_for(notice, contact.name)
        try:
            channel.publish(post_of(notice, contact, media, policy, edges.places, link))
        except Unanswered as error:
            return error
        except CallFailed as error:
            failed = error
        else:
            edges.mail.mark_told(notice.incident_id, notice.sequence, _way(contact, channel))
    return failed


def _decide(
    notice: Notice, contact: Contact, marks: frozenset[str], edges: Announcing, policy: Policy
) -> tuple[Decided, Outbox]:
    """What becomes of it, and the contact's outbox as it is then."""
    mark = f"{contact.name} {WAITS}"
    if mark in marks:
        machines = tuple(medium for medium in media_of(notice, contact) if medium is Medium.HTTPS)
        return Decided(machines), Outbox(contact.name)
    if any(_way(contact, channel) in marks for channel in edges.channels):
        # It was decided before: what is tried again may be hours old, and would count once more, or wait.
        return Decided(media_of(notice, contact)), edges.mail.outbox(contact.name)
    for _ in range(CONFLICTS_MAX):
        now, outbox = edges.clock.now(), edges.mail.outbox(contact.name)
        after, decided = decide(outbox, notice, contact, policy.messages, now)
        if decided.waits is None and after == outbox:
            return decided, outbox
        try:
            edges.mail.remember_outbox(after, decided.waits)
        except Conflict:
            continue
        if decided.waits is not None:
            edges.mail.mark_told(notice.incident_id, notice.sequence, mark)
            at = after.at(decided.waits.lane)
            if at is not None and at != outbox.at(decided.waits.lane):
                edges.reminders.digest(contact.name, at, now)
        return decided, after
    raise Conflict(f"{contact.name}: others wrote first {CONFLICTS_MAX} times; the notice is delivered again")
