"""What waits for a contact out in one message, when it is due."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from defib.core.contact import Contact
from defib.core.digest import WAITING_MAX, batch_of, storm_over, summed_up
from defib.core.medium import Medium, means_of
from defib.core.outbox import AGAIN_AFTER, Lane, Outbox, Waiting, apart, sooner, wait
from defib.core.outgoing import begin, has_last_word
from defib.core.policy import Policy
from defib.core.post import Post, post_of
from defib.shell.announce import CONFLICTS_MAX, Announcing
from defib.shell.ports import CallFailed, Channel, Unanswered
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
            failed = _send(batch, begun, contact, edges, policy, now)
            sent += len(batch)
            _goes_on(begun, lane, len(waiting) > len(batch), failed, edges, policy, now)
        elif lane is Lane.STORM and not waiting and has_last_word(outbox, policy.messages, now):
            # Nothing waits for it: should the process die here, nobody misses anything but these words.
            for channel in edges.channels:
                # By what has yet to take some of them they would not be true.
                if outbox.at(apart(channel.media)) is None:
                    _publish(storm_over(outbox, contact, now), channel)
    raise Conflict(f"{name}: others wrote first {CONFLICTS_MAX} times; what waits goes with the next call")


def _goes_on(
    begun: Outbox,
    lane: Lane,
    more: bool,
    failed: CallFailed | None,
    edges: Announcing,
    policy: Policy,
    now: datetime,
) -> None:
    """Set when the lane is due next, whatever failed: that waits apart now. Then raises it."""
    if lane is Lane.STORM:
        _blows_on(begun, more, edges, policy, now)
    elif failed is None or not lane.is_apart:
        with suppress(Conflict):
            edges.mail.remember_outbox(begun.until(lane, now if more else None))
    if failed is not None:
        raise failed


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


def _send(
    batch: tuple[Waiting, ...], begun: Outbox, contact: Contact, edges: Announcing, policy: Policy, now: datetime
) -> CallFailed | None:
    """Each channel by itself: what one does not take is set apart for it at once, and holds up nothing of the others'.

    Returns what failed. Where a channel does not answer no other is tried: the rest would outlast the function.
    """
    failed: CallFailed | None = None
    left, is_apart = batch, batch[0].lane.is_apart
    for channel in edges.channels:
        mine = tuple(waiting for waiting in left if any(medium in channel.media for medium in waiting.media))
        if not mine:
            continue
        # What it did not take goes first: else people would hear of an end before its beginning.
        is_tried = not isinstance(failed, Unanswered) and (is_apart or not begun.owes_by(channel.media, now))
        error = _send_by(channel, mine, contact, edges, policy, now) if is_tried else None
        failed = error or failed
        if is_tried and error is None:
            rest = edges.mail.went_out(mine, channel.media)
        elif is_apart:
            return failed
        else:
            rest = _set_apart(mine, channel, edges, now)
        # In the order in which they came: the next channel's message tells the newest of each incident.
        left = batch_of((*(w for w in left if w not in mine), *rest))
    return failed


def _send_by(
    channel: Channel, mine: tuple[Waiting, ...], contact: Contact, edges: Announcing, policy: Policy, now: datetime
) -> CallFailed | None:
    """Returns what kept it from going. Whoever has given the channel up meanwhile misses nothing there."""
    if means_of(contact).isdisjoint(channel.media):
        return None
    post = _post(mine, channel, contact, edges, policy, now)
    try:
        _publish(post, channel)
    except CallFailed as error:
        return error
    return None


def _set_apart(mine: tuple[Waiting, ...], channel: Channel, edges: Announcing, now: datetime) -> tuple[Waiting, ...]:
    """Due before it is there, should the process die in between; and after, should somebody have found nothing yet."""
    _is_owed(mine[0].contact, apart(channel.media), edges, now)
    rest = edges.mail.set_apart(mine, channel.media)
    _is_owed(mine[0].contact, apart(channel.media), edges, now)
    return rest


def _is_owed(contact: str, lane: Lane, edges: Announcing, now: datetime) -> None:
    for _ in range(CONFLICTS_MAX):
        outbox = edges.mail.outbox(contact)
        due = sooner(outbox.at(lane), now + AGAIN_AFTER)
        if outbox.at(lane) == due:
            return
        with suppress(Conflict):
            edges.mail.remember_outbox(outbox.until(lane, due))
            return
    raise Conflict(f"{contact}: others wrote first {CONFLICTS_MAX} times; what waits goes with the next call")


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
