"""What reached people, as a reader wants it: one text once, and the media of one notice together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sim.recording import Recording

SENDER = {"email": "AWS Notifications <no-reply@sns.amazonaws.com>", "sms": "Amazon SNS"}
"""Who a message comes from, by medium (SNS developer guide, e-mail and SMS subscriptions)."""

_TOGETHER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One text as it reached everyone it was sent to."""

    at: datetime
    medium: str
    to: tuple[str, ...]
    subject: str
    body: str
    incident_id: str
    notice: str


def deliveries(recording: Recording) -> tuple[Delivery, ...]:
    """The messages in order of time, the same text to several people counted once."""
    merged: list[Delivery] = []
    newest: dict[tuple[str, ...], int] = {}
    for message in sorted(recording.messages, key=lambda m: m.at):
        key = (message.medium, message.incident_id, message.notice, message.subject, message.body)
        place = newest.get(key)
        if place is not None and message.to not in merged[place].to:
            merged[place] = replace(merged[place], to=(*merged[place].to, message.to))
            continue
        newest[key] = len(merged)
        merged.append(Delivery(message.at, message.medium, (message.to,), *key[3:], *key[1:3]))
    return tuple(merged)


def bundles(recording: Recording) -> tuple[tuple[Delivery, ...], ...]:
    """The deliveries of each notice, e-mail and SMS side by side, in order of time."""
    grouped: list[list[Delivery]] = []
    for delivery in deliveries(recording):
        mate = next((group for group in reversed(grouped) if _belongs(delivery, group)), None)
        if mate is None:
            grouped.append([delivery])
        else:
            mate.append(delivery)
    return tuple(tuple(sorted(g, key=lambda d: d.medium)) for g in grouped)


def _belongs(delivery: Delivery, group: list[Delivery]) -> bool:
    """Whether ``group`` is the same notice, and has nothing of this medium yet."""
    first = group[0]
    same = (first.incident_id, first.notice) == (delivery.incident_id, delivery.notice)
    return same and delivery.at - first.at <= _TOGETHER and all(d.medium != delivery.medium for d in group)
