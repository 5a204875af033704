"""Many notices in one message: how many there are, why they were held back, and each of them by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, assert_never

from defib.core.call import Reaction
from defib.core.call_news import command
from defib.core.duration import format_duration
from defib.core.messages import MessageLimits
from defib.core.outbox import Lane, Medium, Waiting
from defib.core.post import Places, Post, chat_form
from defib.core.severity import Severity
from defib.core.words import SMS_MAX, SUBJECT_MAX, clock, plain

if TYPE_CHECKING:
    from defib.core.contact import Contact

KIND = "digest"
"""The ``notice`` attribute of a message that sums up others."""

SEVERAL = "several"
"""The ``service`` and ``incident`` attributes of one that sums up notices of more than one."""


def summed_up(
    waiting: Sequence[Waiting], contact: Contact, limits: MessageLimits, places: Places, now: datetime
) -> Post:
    """One message for all of ``waiting``: at least one, of one lane."""
    texts = [w for w in waiting if Medium.SMS in w.media]
    subject = plain(f"[Defib] {_headline(waiting)}", SUBJECT_MAX)
    email = _email(waiting, limits, places, now)
    first = f"{waiting[0].incident_id}#{waiting[0].sequence}"
    return Post(
        contact=contact.name,
        media=tuple(medium for medium in Medium if any(medium in w.media for w in waiting)),
        subject=subject,
        email=email,
        sms=_sms(texts or waiting),
        https="",
        chat=chat_form(subject, email.replace("\n\n", "\n"), _one(w.incident_id for w in waiting), KIND, first),
        notice=KIND,
        service=_one(w.service for w in waiting),
        incident_id=_one(w.incident_id for w in waiting),
        severity=max((w.severity for w in waiting), key=list(Severity).index),
    )


def _headline(waiting: Sequence[Waiting]) -> str:
    since = f"{min(w.at for w in waiting):%H:%M} UTC"
    count = len(waiting)
    if all(w.severity is Severity.URGENT for w in waiting):
        return f"NEEDS YOU: {count} more {'ask' if count > 1 else 'asks'} for somebody since {since}"
    return f"{count} more message{'s' if count > 1 else ''} since {since}"


def _email(waiting: Sequence[Waiting], limits: MessageLimits, places: Places, now: datetime) -> str:
    urgent = [w for w in waiting if w.severity is Severity.URGENT]
    kinds = Counter(w.kind.value for w in waiting)
    services = Counter(w.service for w in waiting)
    duty = "Nothing now. Defib tells you if it needs you."
    if urgent:
        duty = f"Look at each. To say that you are on one:\n  {command(urgent[0].incident_id, Reaction.ACKNOWLEDGE)}"
    return "\n".join(
        (
            f"{_headline(waiting)}. None is left out below.",
            f"Why in one:       {_why(waiting[0].lane, limits)}",
            f"By kind:          {_counted(kinds)}.",
            f"By service:       {_counted(services)}.",
            f"What you must do: {duty}",
            *([f"Status page:      {places.status_page}"] if places.status_page else []),
            "",
            *(f"  {clock(w.at)}  {w.incident_id}  {w.subject}" for w in waiting),
            f"\nWritten {clock(now)}.",
        )
    )


def _why(lane: Lane, limits: MessageLimits) -> str:
    match lane:
        case Lane.STORM:
            return f"more than {limits.urgent_at_once} urgent ones came within a minute."
        case Lane.LIMIT:
            return f"you had {limits.most} messages within {format_duration(limits.window)}; more come as one."
        case Lane.QUIET:
            return "nothing in them was worth your quiet hours."
    assert_never(lane)


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counter.most_common())


def _sms(waiting: Sequence[Waiting]) -> str:
    """As many services by name as there is room for; the rest by number."""
    head, tail = f"Defib: {_headline(waiting)}: ", ". The e-mail names each."
    names = [name for name, _ in Counter(w.service for w in waiting).most_common()]
    for shown in range(len(names), 0, -1):
        left = len(names) - shown
        listed = ", ".join(names[:shown]) + (f" and {left} more" if left else "")
        if len(head + listed + tail) <= SMS_MAX:
            return plain(head + listed + tail, SMS_MAX)
    return plain(f"{head}{len(names)} services{tail}", SMS_MAX)


def _one(names: Iterable[str]) -> str:
    found = set(names)
    return found.pop() if len(found) == 1 else SEVERAL
