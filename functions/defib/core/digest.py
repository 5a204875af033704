"""Many notices in one message: how many it holds, why they were held back, and each incident by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, assert_never

from defib.core.answer.mail import INDENT, AnswerLink
from defib.core.call import Reaction
from defib.core.call_news import command
from defib.core.duration import format_duration
from defib.core.medium import Medium
from defib.core.outbox import Lane, Outbox, Waiting
from defib.core.post import Places, Post, chat_form
from defib.core.severity import Severity
from defib.core.words import SMS_MAX, SUBJECT_MAX, clock, dated_clock, dated_minute, plain

if TYPE_CHECKING:
    from defib.core.contact import Contact
    from defib.core.messages import MessageLimits
    from defib.core.policy import Policy

DIGEST_MAX = 300
"""Incidents that one message names; more make another. Keeps it within the 256 KiB of SNS (API, Publish, Message)."""

WAITING_MAX = 900
"""Notices that one message sums up: what one query returns (1 MB: DynamoDB API, Query)."""

KIND = "digest"
"""The ``notice`` attribute of a message that sums up others."""

COUNTED_MAX = 10
"""Services that a digest counts one by one."""

SEVERAL = "several"
"""The ``service`` and ``incident`` attributes of one that sums up notices of more than one."""


def batch_of(waiting: Iterable[Waiting]) -> tuple[Waiting, ...]:
    """As many, from the first on, as one message holds."""
    named: set[str] = set()
    batch = []
    for one in sorted(waiting, key=lambda w: (w.at, w.incident_id, w.sequence))[:WAITING_MAX]:
        named.add(one.incident_id)
        if len(named) > DIGEST_MAX:
            break
        batch.append(one)
    return tuple(batch)


def summed_up(
    waiting: Sequence[Waiting],
    contact: Contact,
    policy: Policy,
    places: Places,
    now: datetime,
    link: AnswerLink | None = None,
) -> Post:
    """One message for all of ``waiting``: at least one, of one lane. ``link`` is where they stand, and are answered."""
    texts = [w for w in waiting if Medium.SMS in w.media]
    subject = plain(f"[Defib] {_headline(waiting, now)}", SUBJECT_MAX)
    email = _email(waiting, policy, places, now, link)
    first = f"{waiting[0].incident_id}#{waiting[0].sequence}"
    return Post(
        contact=contact.name,
        media=tuple(medium for medium in Medium if any(medium in w.media for w in waiting)),
        subject=subject,
        email=email,
        sms=_sms(texts or waiting, now, _whole_list(contact, link)),
        https="",
        chat=chat_form(subject, email.replace("\n\n", "\n"), _one(w.incident_id for w in waiting), KIND, first),
        notice=KIND,
        service=_one(w.service for w in waiting),
        incident_id=_one(w.incident_id for w in waiting),
        severity=max((w.severity for w in waiting), key=list(Severity).index),
    )


def storm_over(outbox: Outbox, contact: Contact, now: datetime) -> Post:
    """The closing word of a storm: how many messages it was, and that none of them was left out."""
    since = dated_minute(outbox.storm_since or now, now)
    counted = f"{outbox.storm_notices} messages came to you in {outbox.storm_digests}"
    headline = f"the storm since {since} is over: {counted}"
    email = "\n".join(
        (
            f"The storm since {since} is over: {counted}. Each of them is named there.",
            "What Defib does:  From now on each message comes by itself again. Whatever still needs somebody is asked "
            "for again until somebody answers.",
            "What you must do: Nothing, if each of those that needed you has somebody.",
            f"\nWritten {clock(now)}.",
        )
    )
    means = ((Medium.EMAIL, contact.email, contact.email_for), (Medium.SMS, contact.sms, contact.sms_for))
    media = [medium for medium, addresses, severities in means if addresses and Severity.HIGH in severities]
    if contact.chat and Severity.HIGH in contact.chat_for:
        media.append(Medium.CHAT)
    subject = plain(f"[Defib] {headline}", SUBJECT_MAX)
    return Post(
        contact=contact.name,
        media=tuple(media),
        subject=subject,
        email=email,
        sms=plain(f"Defib: {headline}. None was left out.", SMS_MAX),
        https="",
        chat=chat_form(subject, email.replace("\n\n", "\n"), SEVERAL, KIND, f"storm:{since}"),
        notice=KIND,
        service=SEVERAL,
        incident_id=SEVERAL,
        severity=Severity.HIGH,
    )


def _headline(waiting: Sequence[Waiting], now: datetime) -> str:
    since = dated_minute(min(w.at for w in waiting), now)
    count = len(waiting)
    asking = {w.incident_id for w in waiting if w.severity is Severity.URGENT}
    if asking:
        others = count - sum(1 for w in waiting if w.severity is Severity.URGENT)
        more = f", {others} other message{'s' if others > 1 else ''}" if others else ""
        return f"NEEDS YOU: {len(asking)} more {'ask' if len(asking) > 1 else 'asks'} for somebody since {since}{more}"
    return f"{count} more message{'s' if count > 1 else ''} since {since}"


def _email(waiting: Sequence[Waiting], policy: Policy, places: Places, now: datetime, link: AnswerLink | None) -> str:
    urgent = [w for w in waiting if w.severity is Severity.URGENT]
    kinds = Counter(w.kind.value for w in waiting)
    services = Counter(w.service for w in waiting)
    duty = "Nothing now. Defib tells you if it needs you."
    if urgent:
        how = command(urgent[0].incident_id, Reaction.ACKNOWLEDGE, policy.region)
        duty = f"Look at each. To say that you are on one:\n  {how}"
        if link is not None:
            here = f"{INDENT}{link.url}\n{INDENT}"
            by = f"on this page, once, by {link.until:%d %B %H:%M} UTC"
            duty = f"Say that you are on all of them {by}. Opening it changes nothing:\n{here}{duty}"
    return "\n".join(
        (
            f"{_headline(waiting, now)}. None is left out below.",
            f"Why in one:       {_why(waiting[0].lane, policy.messages)}",
            f"By kind:          {_counted(kinds)}.",
            f"By service:       {_counted(services)}.",
            f"What you must do: {duty}",
            *([f"Status page:      {places.status_page}"] if places.status_page else []),
            "",
            *_lines(waiting, now),
            f"\nWritten {clock(now)}.",
        )
    )


def _lines(waiting: Sequence[Waiting], now: datetime) -> Iterator[str]:
    """One for each incident: its newest notice, and how many it had before. Those that need somebody come first."""
    newest = {w.incident_id: w for w in waiting}
    count = Counter(w.incident_id for w in waiting)
    asking = {w.incident_id for w in waiting if w.severity is Severity.URGENT}
    for w in sorted(newest.values(), key=lambda w: (w.incident_id not in asking, w.at, w.incident_id)):
        before = f" ({count[w.incident_id] - 1} before it)" if count[w.incident_id] > 1 else ""
        subject = w.subject.removeprefix(f"[Defib {w.service}] ").removeprefix("[Defib] ")
        yield f"  {dated_clock(w.at, now)}  {w.incident_id}  {subject}{before}"


def _why(lane: Lane, limits: MessageLimits) -> str:
    match lane:
        case Lane.STORM:
            return (
                f"more than {limits.at_once} came within a minute. While that lasts they come together, "
                f"{format_duration(limits.storm_window)} apart at most."
            )
        case Lane.LIMIT:
            return f"you had {limits.most} messages within {format_duration(limits.window)}; more come as one."
        case Lane.QUIET:
            return "nothing in them was worth your quiet hours."
        case Lane.MAIL | Lane.CHAT:
            return "they could not be sent this way when their turn came. What was missed comes together."
    assert_never(lane)


def _counted(counter: Counter[str]) -> str:
    """The most frequent by number; of the many that come once, how many there are: each is named below."""
    shown = [f"{count} {name}" for name, count in counter.most_common(COUNTED_MAX)]
    left = len(counter) - len(shown)
    return ", ".join(shown) + (f" and {left} more" if left else "")


def _whole_list(contact: Contact, link: AnswerLink | None) -> tuple[str, ...]:
    """Where the reader of a text message finds all of them, the best way first."""
    if contact.email:
        return (". The e-mail names each.",)
    if link is not None:
        return (f". All: {link.url}",)
    return (
        (". The chat names each.",) if contact.chat else (". List them all: docs/operations.md", ". Ask for the list.")
    )


def _sms(waiting: Sequence[Waiting], now: datetime, whole_list: Sequence[str]) -> str:
    """As many services by name as there is room for beside the place of the whole list; the rest by number."""
    urgent = [w for w in waiting if w.severity is Severity.URGENT]
    names = [name for name, _ in Counter(w.service for w in urgent or waiting).most_common()]
    asking = len({w.incident_id for w in urgent})
    brief = f"{asking} more NEED YOU" if asking else f"{len(waiting)} more"
    full = _headline(urgent or waiting, now)
    since = dated_minute(min(w.at for w in waiting), now)
    for head in (f"Defib: {full}", f"Defib: {brief} since {since}"):
        for tail in whole_list:
            for shown in range(len(names), 0, -1):
                left = len(names) - shown
                listed = ", ".join(names[:shown]) + (f" and {left} more" if left else "")
                if len(f"{head}: {listed}{tail}") <= SMS_MAX:
                    return plain(f"{head}: {listed}{tail}", SMS_MAX)
            for text in (f"{head}: {len(names)} services{tail}", f"{head}{tail}"):
                if len(text) <= SMS_MAX:
                    return plain(text, SMS_MAX)
    return plain(f"Defib: {brief}: {len(names)} services", SMS_MAX)


def _one(names: Iterable[str]) -> str:
    found = set(names)
    return found.pop() if len(found) == 1 else SEVERAL
