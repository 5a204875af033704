"""What people read: one message a change, whole in itself, for somebody who has just woken up."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from watchtower.memory import Change, Known
from watchtower.model import Finding, Weight
from watchtower.settings import Settings

SMS_MOST = 140
"""Characters; one SMS whatever the alphabet's width in between (SNS Developer Guide, Publishing to a mobile phone)."""
SUBJECT_MOST = 99
"""Characters of a Subject: fewer than 100 (SNS API, Publish)."""
LISTED_MOST = 20
"""Of one kind in one message."""
WIDTH = 78


@dataclass(frozen=True, slots=True)
class Message:
    """One message in its forms."""

    subject: str
    body: str
    sms: str
    weight: Weight


def message(change: Change, settings: Settings, now: datetime) -> Message:
    """What people are told of ``change``."""
    return Message(
        _cut(_subject(change), SUBJECT_MOST),
        "\n".join(_body(change, settings, now)),
        _sms(change),
        change.weight,
    )


def _subject(change: Change) -> str:
    new = _gravest(change)
    if new is None:
        left = f", {len(change.still)} still wrong" if change.still else ", all is well"
        return f"Defib watchtower: over: {change.over[0].short}{_more(len(change.over) - 1)}{left}"
    return f"Defib watchtower: {new.short}{_more(len(change.new) - 1)}"


def _sms(change: Change) -> str:
    new = _gravest(change)
    if new is None:
        left = f"{len(change.still)} still wrong." if change.still else "All is well."
        told = f"Defib watchtower: over: {change.over[0].short}{_more(len(change.over) - 1)}"
        return _cut(_plain(told), SMS_MOST - len(left) - 2) + f". {left}"
    what = _cut(_plain(f"Defib watchtower: {new.short}{_more(len(change.new) - 1)}."), SMS_MOST)
    # What comes first in what is to be done, as far as there is room.
    for todo in (new.todo, new.todo.partition(";")[0]):
        whole = f"{what} {_plain(todo)}."
        if len(whole) <= SMS_MOST:
            return whole
    return what


def _body(change: Change, settings: Settings, now: datetime) -> Iterator[str]:
    yield f"The watchtower in {settings.region} watches Defib in {settings.primary_region}."
    yield f"It is {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC."
    if change.new:
        yield ""
        yield "WRONG NOW"
        yield from _listed(_new(finding) for finding in sorted(change.new, key=lambda found: found.weight))
    if change.over:
        yield ""
        yield "RIGHT AGAIN"
        yield from _listed(_known(known) for known in change.over)
    if change.still:
        yield ""
        yield "STILL WRONG, told before"
        yield from _listed(_known(known) for known in change.still)
    yield ""
    yield "You hear again when something changes."


def _listed(entries: Iterator[str]) -> Iterator[str]:
    told = list(entries)
    yield from told[:LISTED_MOST]
    if len(told) > LISTED_MOST:
        yield f"- and {len(told) - LISTED_MOST} more"


def _new(finding: Finding) -> str:
    return "\n".join(
        (
            *_wrapped(f"- {finding.meaning}"),
            *_wrapped(f"  What to do: {finding.todo}."),
        )
    )


def _known(known: Known) -> str:
    return "\n".join(_wrapped(f"- {known.short} (since {known.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC)"))


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _gravest(change: Change) -> Finding | None:
    return min(change.new, key=lambda finding: finding.weight, default=None)


def _more(number: int) -> str:
    return f" (+{number} more)" if number > 0 else ""


def _plain(text: str) -> str:
    """Within the alphabet of SMS: one letter beyond it halves what fits (GSM 03.38)."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)


def _cut(text: str, most: int) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= most else f"{line[: most - 3]}..."
