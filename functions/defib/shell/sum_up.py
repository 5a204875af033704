"""What waits for a contact out in one message, when it is due."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import partial

from defib.core.contact import Contact
from defib.core.digest import WAITING_MAX, batch_of, storm_over, summed_up
from defib.core.medium import Medium
from defib.core.outbox import Lane, Outbox, Waiting, begin, has_last_word, wait
from defib.core.policy import Policy
from defib.core.post import Post, post_of
from defib.shell.announce import CONFLICTS_MAX, Announcing
from defib.shell.ports import Channel, try_all
from defib.shell.store import Conflict


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
            # Nobody of that name is left to be told; nor is whoever comes back to it to be told what is long past.
            if left := [w for each in Lane for w in edges.mail.waiting(name, each, WAITING_MAX)]:
                edges.mail.went_out(left, tuple(Medium))
                continue
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
            # In the order in which they came: the next channel's message tells the newest of each incident.
            left = batch_of((*(w for w in left if w not in mine), *edges.mail.went_out(mine, channel.media)))

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
