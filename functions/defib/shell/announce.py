"""One notice out, to each contact that it is for, once: now, or summed up with others when its contact is due.

What went out is marked, so that the sweep need not send it again. A process that dies anywhere makes people read a
message twice, never miss one: a notice stays in the ``due`` index until all its contacts have it, or have it waiting.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Protocol

from defib.core.audience import audience
from defib.core.contact import Contact
from defib.core.digest import WAITING_MAX, batch_of, storm_over, summed_up
from defib.core.frozen import dataclass
from defib.core.incident import Notice
from defib.core.medium import Medium, media_of
from defib.core.outbox import Decided, Lane, Outbox, Waiting, begin, decide, has_last_word, wait
from defib.core.policy import Policy
from defib.core.post import Places, Post, post_of
from defib.shell.ports import Channel, Clock, Links, try_all
from defib.shell.store import Conflict, Store

CONFLICTS_MAX = 8
"""How often one message starts afresh because someone else wrote first; then it is delivered again later."""

CHAIN_MOST = 10
"""How many of an incident's notices one message sends at most: those that should have gone before its own, and that."""

WAITS = "waits"
"""The mark of a contact that a notice waits for."""


class Mail(Protocol):
    """What is remembered of what each contact got, and of what waits for them. All reads are strongly consistent."""

    def outbox(self, contact: str) -> Outbox:
        """An empty one of version 0 at first."""
        ...

    def remember_outbox(self, outbox: Outbox, waits: Waiting | None = None) -> Outbox:
        """Write all or nothing and return it with the next version.

        Raises Conflict unless it still has the version it was read with.
        """
        ...

    def waiting(self, contact: str, lane: Lane, most: int) -> Sequence[Waiting]:
        """What waits for the contact in the lane, oldest first."""
        ...

    def went_out(self, waiting: Sequence[Waiting], media: Sequence[Medium]) -> tuple[Waiting, ...]:
        """Forget that these wait for ``media``; returns what still waits, for others."""
        ...

    def told(self, incident_id: str, sequence: int) -> frozenset[str]:
        """The marks of the notice."""
        ...

    def mark_told(self, incident_id: str, sequence: int, mark: str) -> None: ...


class Reminders(Protocol):
    """The way to be called again when a contact's messages are due."""

    def digest(self, contact: str, at: datetime, now: datetime) -> None:
        """At ``at``, or as late as the queue can wait; the sweep finds whatever is due later."""
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
    A contact who can't be told, or not by every channel, keeps it from no other; it is then tried again for them.
    Raises Conflict when others wrote first too often, Transient or Rejected when AWS fails.
    """
    notice = edges.store.notice(incident_id, sequence)
    if notice is None or edges.store.published_at(incident_id, sequence) is not None:
        return False
    chain: list[Notice | None] = [notice]
    while len(chain) <= CHAIN_MOST and chain[0] is not None:
        chain.insert(0, _unpublished_before(chain[0], edges))
    # Of the first none is announced here: it is published, or its own message has its turn.
    in_order = ((before, each) for before, each in pairwise(chain) if each is not None)
    try_all(partial(_announce, before, each, edges, policy) for before, each in in_order)
    return True


def _unpublished_before(notice: Notice, edges: Announcing) -> Notice | None:
    incident_id, before = notice.incident_id, notice.sequence - 1
    if before < 1 or edges.store.published_at(incident_id, before) is not None:
        return None
    return edges.store.notice(incident_id, before)


def _announce(before: Notice | None, notice: Notice, edges: Announcing, policy: Policy) -> None:
    """To each contact who has heard of the one ``before`` it: to nobody out of turn."""
    marks = edges.mail.told(notice.incident_id, notice.sequence)
    told = audience(notice.service, notice.tier, policy)
    behind = _behind(before, edges, policy) if before is not None else frozenset()
    try_all(partial(_tell, notice, contact, marks, edges, policy) for contact in told if contact.name not in behind)
    if behind.isdisjoint(contact.name for contact in told):
        edges.store.mark_published(notice.incident_id, notice.sequence, edges.clock.now())


def _behind(notice: Notice, edges: Announcing, policy: Policy) -> frozenset[str]:
    """Who could not be told of the notice, nor does it wait for them; and with it, of those before it."""
    if edges.store.published_at(notice.incident_id, notice.sequence) is not None:
        return frozenset()
    marks = edges.mail.told(notice.incident_id, notice.sequence)
    told = audience(notice.service, notice.tier, policy)
    return frozenset(contact.name for contact in told if _left(notice, contact, marks, edges))


def _left(notice: Notice, contact: Contact, marks: frozenset[str], edges: Announcing) -> tuple[Channel, ...]:
    """The channels by which the contact is yet to be told; none of people where it waits for them."""
    media = {*media_of(notice, contact)}
    if f"{contact.name} {WAITS}" in marks:
        media &= {Medium.HTTPS}
    return tuple(c for c in edges.channels if media & {*c.media} and f"{contact.name} {c.name}" not in marks)


def _tell(notice: Notice, contact: Contact, marks: frozenset[str], edges: Announcing, policy: Policy) -> None:
    """Remember what becomes of the notice before anything is sent: then no two processes exceed a limit together.

    Nothing where the contact has it: what is tried again for another may be hours old, and would count once more.
    """
    left = _left(notice, contact, marks, edges)
    if not left:
        return
    decided = _decide(notice, contact, marks, edges, policy)
    by = ((channel, tuple(m for m in decided.now if m in channel.media)) for channel in left)
    try_all(partial(_tell_by, channel, media, notice, contact, edges, policy) for channel, media in by if media)


def _tell_by(
    channel: Channel,
    media: tuple[Medium, ...],
    notice: Notice,
    contact: Contact,
    edges: Announcing,
    policy: Policy,
) -> None:
    link = edges.links.link_for(notice, contact.name)
    channel.publish(post_of(notice, contact, media, policy, edges.places, link))
    edges.mail.mark_told(notice.incident_id, notice.sequence, f"{contact.name} {channel.name}")


def _decide(notice: Notice, contact: Contact, marks: frozenset[str], edges: Announcing, policy: Policy) -> Decided:
    mark = f"{contact.name} {WAITS}"
    if mark in marks:
        return Decided(tuple(medium for medium in media_of(notice, contact) if medium is Medium.HTTPS))
    for _ in range(CONFLICTS_MAX):
        now, outbox = edges.clock.now(), edges.mail.outbox(contact.name)
        after, decided = decide(outbox, notice, contact, policy.messages, now)
        if decided.waits is None and after == outbox:
            return decided
        try:
            edges.mail.remember_outbox(after, decided.waits)
        except Conflict:
            continue
        if decided.waits is not None:
            edges.mail.mark_told(notice.incident_id, notice.sequence, mark)
            at = after.at(decided.waits.lane)
            if at is not None and at != outbox.at(decided.waits.lane):
                edges.reminders.digest(contact.name, at, now)
        return decided
    raise Conflict(f"{contact.name}: others wrote first {CONFLICTS_MAX} times; the notice is delivered again")


def sum_up(name: str, edges: Announcing, policy: Policy) -> int:
    """Send what waits for the contact of that name and is due; returns how many notices that was.

    Raises as ``announce`` does.
    """
    contact = next((c for c in policy.contacts if c.name == name), None)
    sent = 0
    for _ in range(CONFLICTS_MAX):
        now, outbox = edges.clock.now(), edges.mail.outbox(name)
        lane = outbox.due(now)
        if lane is None:
            return sent
        if contact is None:
            # Nobody of that name is left to be told.
            edges.mail.remember_outbox(Outbox(name, outbox.version))
            return sent
        # One more than fits: whatever else waits makes another message.
        waiting = edges.mail.waiting(name, lane, WAITING_MAX + 1)
        begun, batch = begin(outbox, lane, batch_of(waiting), contact, policy.messages, now)
        try:
            begun = edges.mail.remember_outbox(begun)
        except Conflict:
            continue
        if batch:
            _send(batch, contact, edges, policy, now)
            sent += len(batch)
        elif lane is Lane.STORM and not waiting and has_last_word(outbox, policy.messages, now):
            # Nothing waits for it: should the process die here, nobody misses anything but these words.
            for channel in edges.channels:
                _publish(storm_over(outbox, contact, now), channel)
        if batch and lane is Lane.STORM:
            _blows_on(begun, len(waiting) > len(batch), edges, policy, now)
        elif batch:
            with suppress(Conflict):
                edges.mail.remember_outbox(begun.until(lane, now if len(waiting) > len(batch) else None))
    raise Conflict(f"{name}: others wrote first {CONFLICTS_MAX} times; what waits goes with the next call")


def _blows_on(begun: Outbox, more: bool, edges: Announcing, policy: Policy, now: datetime) -> None:
    """Set when the storm's next digest goes. While one blows others write all the time: theirs stays as it is."""
    due = now if more else now + wait(begun, policy.messages)
    for _ in range(CONFLICTS_MAX):
        try:
            edges.mail.remember_outbox(begun.until(Lane.STORM, due))
        except Conflict:
            begun = edges.mail.outbox(begun.contact)
        else:
            edges.reminders.digest(begun.contact, due, now)
            return


def _send(batch: tuple[Waiting, ...], contact: Contact, edges: Announcing, policy: Policy, now: datetime) -> None:
    """Each channel by itself: one that fails keeps its own notices waiting, and none of the others'."""
    left = batch

    def send_by(channel: Channel) -> None:
        nonlocal left
        mine = tuple(waiting for waiting in left if any(medium in channel.media for medium in waiting.media))
        if mine:
            _publish(_post(mine, channel, contact, edges, policy, now), channel)
            left = (*(w for w in left if w not in mine), *edges.mail.went_out(mine, channel.media))

    try_all(partial(send_by, channel) for channel in edges.channels)


def _publish(post: Post, channel: Channel) -> None:
    """By whatever of the post's media the channel carries."""
    post = post.only(channel.media)
    if post.media:
        channel.publish(post)


def _post(
    waiting: tuple[Waiting, ...], channel: Channel, contact: Contact, edges: Announcing, policy: Policy, now: datetime
) -> Post:
    """A notice that waited alone goes as it is."""
    only = edges.store.notice(waiting[0].incident_id, waiting[0].sequence) if len(waiting) == 1 else None
    if only is not None:
        media = tuple(medium for medium in waiting[0].media if medium in channel.media)
        return post_of(only, contact, media, policy, edges.places, edges.links.link_for(only, contact.name))
    link = edges.links.link_to_all([w.incident_id for w in waiting], contact.name, max(w.at for w in waiting))
    return summed_up(waiting, contact, policy, edges.places, now, link)
