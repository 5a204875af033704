"""One notice out, on every channel, once: what went out is marked, so that the sweep need not send it again."""

from __future__ import annotations

from dataclasses import dataclass

from defib.shell.ports import Channel, Clock, Store


@dataclass(frozen=True, slots=True)
class Announcing:
    """What announcing needs of the outside world."""

    clock: Clock
    store: Store
    channels: tuple[Channel, ...]


def announce(incident_id: str, sequence: int, edges: Announcing) -> bool:
    """Publish the notice unless it already went out; False when there is nothing to publish.

    One of the same incident that should have gone before it goes before it: its own message may have been set aside.
    A process that dies between publishing and marking makes people read a message twice, never miss one.
    Raises Transient or Rejected.
    """
    notice = edges.store.notice(incident_id, sequence)
    if notice is None or edges.store.published_at(incident_id, sequence) is not None:
        return False
    if sequence > 1 and edges.store.published_at(incident_id, sequence - 1) is None:
        announce(incident_id, sequence - 1, edges)
    for channel in edges.channels:
        channel.publish(notice)
    edges.store.mark_published(incident_id, sequence, edges.clock.now())
    return True
