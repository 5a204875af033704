"""What is due of what waits for a contact goes out now, or waits on: remembered before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.core.frozen import replace
from defib.core.maintenance import on_until
from defib.core.outbox import AGAIN_AFTER, Lane, Outbox, Sent, Waiting, recent, slot
from defib.core.severity import Severity

if TYPE_CHECKING:
    from datetime import datetime

    from defib.core.contact import Contact
    from defib.core.messages import MessageLimits

STORM_TOLD = 2
"""Digests that make a storm worth a closing word, where the contact has room for one more message."""


def begin(
    outbox: Outbox, lane: Lane, batch: tuple[Waiting, ...], contact: Contact, limits: MessageLimits, now: datetime
) -> tuple[Outbox, tuple[Waiting, ...]]:
    """The outbox that remembers that ``batch`` of ``lane`` is about to go, and what goes: nothing when it must wait on.

    It stays due: were the process to die on the way, they would go again. A storm of which nothing waits is over.
    What is kept apart has counted before: for as long as its channel takes nothing it is tried, and nothing else waits.
    """
    if not batch:
        return _over(outbox, limits, now) if lane is Lane.STORM else outbox.until(lane, None), ()
    about = f"{lane}:{batch[0].incident_id}#{batch[0].sequence}"
    low = all(one.severity is Severity.LOW for one in batch)
    asleep = on_until(contact.quiet, now) if low and not outbox.began(about) else None
    if asleep is not None:
        return outbox.until(lane, asleep), ()
    if lane.is_apart:
        return outbox.until(lane, now + AGAIN_AFTER), batch
    free = slot(outbox, limits, now)
    urgent = any(one.severity is Severity.URGENT for one in batch)
    if not urgent and free > now and not outbox.began(about):
        return outbox.until(lane, free), ()
    begun = outbox.until(lane, now + AGAIN_AFTER)
    if outbox.began(about):
        return begun, batch
    sent = Sent(now, about, urgent)
    begun = replace(begun, sent=(*recent(outbox.sent, limits, now), sent))
    if lane is not Lane.STORM:
        return begun, batch
    counted = replace(
        begun,
        storm_since=outbox.storm_since or batch[0].at,
        storm_waits=outbox.storm_waits + 1,
        storm_digests=outbox.storm_digests + 1,
        storm_notices=outbox.storm_notices + len(batch),
    )
    return counted, batch


def has_last_word(outbox: Outbox, limits: MessageLimits, now: datetime) -> bool:
    """Whether the contact hears that the storm is over. It says nothing new: of messages that are full it is none."""
    return outbox.storm_digests >= STORM_TOLD and slot(outbox, limits, now) <= now


def _over(outbox: Outbox, limits: MessageLimits, now: datetime) -> Outbox:
    """The outbox after the storm; its last word counts like any other message."""
    if not has_last_word(outbox, limits, now):
        return outbox.calm()
    return replace(outbox.calm(), sent=(*recent(outbox.sent, limits, now), Sent(now, "storm:over")))
