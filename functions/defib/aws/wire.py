"""Defib's own messages between its functions: JSON on the queues, values in the code."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

import msgspec

from defib.aws.events import CanarySent, Envelope
from defib.aws.untrusted import SHOWN_MAX, decoded, in_utc, plain, require_instance_id
from defib.core.asking import EVENT_SOURCE, PUBLISH_TYPE
from defib.core.canary import Canary
from defib.core.effect import Perform
from defib.core.frozen import dataclass
from defib.core.incident import Notice
from defib.core.model import Signal, TargetGroupSignal
from defib.core.setting import CONTACT_NAME
from defib.core.shift import ShiftOrder
from defib.shell.ports import Malformed

INCIDENT_ID = re.compile(r"[a-z][a-z0-9:-]{0,60}-[1-9][0-9]{0,11}")
WAY = re.compile(r"[a-z][a-z0-9-]{0,63}")
"""Of a canary: the word of a queue or a topic."""
WAY_TO_TELL = re.compile(r"[a-z][a-z0-9-]{0,30} [a-z]{1,20}")
"""Of a notice: a contact and a channel."""
NUMBER_MAX = 10**9
"""Of incidents, notices and attempts: far beyond what anybody will see, and within what the table holds as a number."""
TEXT_MAX = 200
"""Characters of what Defib itself wrote into a message."""

Number = Annotated[int, msgspec.Meta(ge=0, le=NUMBER_MAX)]


@dataclass(frozen=True, slots=True)
class NoticeReference:
    """Which notice to publish; its text is read from the table."""

    incident_id: str
    sequence: Number


@dataclass(frozen=True, slots=True)
class Untold:
    """The notice could not be told by ``way``, a contact and a channel: it is to be, with those before it."""

    incident_id: str
    sequence: Number
    way: str


@dataclass(frozen=True, slots=True)
class DigestDue:
    """What waits for the contact is to be summed up, not before ``at``."""

    contact: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """The page is to follow: something has changed, or a minute has passed. The page looks for itself what."""

    change: str


@dataclass(frozen=True, slots=True)
class Release:
    """A person publishes the draft of that number."""

    incident: Number


def encode(
    message: DigestDue | Signal | TargetGroupSignal | Perform | ShiftOrder | NoticeReference | Untold | Canary | Turn,
) -> str:
    """The message body for ``message``."""
    return msgspec.json.encode(message).decode()


def reference(notice: Notice) -> NoticeReference:
    """What the ``notices`` queue carries of ``notice``."""
    return NoticeReference(notice.incident_id, notice.sequence)


def shift_in(body: str) -> ShiftOrder | None:
    """The order of a zonal shift in ``body``; None for an order of another kind. Raises Malformed."""
    if "load_balancer" not in decoded(body, dict[str, msgspec.Raw], "an order"):
        return None
    return decoded(body, ShiftOrder, "an order of a zonal shift")


def order_in(body: str) -> Perform:
    """The order in ``body``. Raises Malformed."""
    order = decoded(body, Perform, "an order")
    require_instance_id(order.instance_id)
    if len(order.case_id) > TEXT_MAX or not 0 <= order.attempt <= NUMBER_MAX:
        raise Malformed(f"case {plain(order.case_id, SHOWN_MAX)!r} has no such attempt: from 0 to {NUMBER_MAX}")
    return order


def canary_in(body: str) -> Canary | None:
    """The canary in ``body``; None for any other message. Raises Malformed."""
    if "sent_at" not in decoded(body, dict[str, msgspec.Raw], "a message"):
        return None
    found = decoded(body, CanarySent, "a canary")
    if not WAY.fullmatch(found.by):
        raise Malformed(
            f"by is {plain(found.by, SHOWN_MAX)!r}, which is no way of a canary; it should look like orders"
        )
    return Canary(in_utc(found.sent_at), found.by)


def digest_in(body: str) -> DigestDue | None:
    """Whose messages are due; None for a message of another kind. Raises Malformed."""
    if "contact" not in decoded(body, dict[str, msgspec.Raw], "a message to publish"):
        return None
    found = decoded(body, DigestDue, "a contact whose messages are due")
    if not CONTACT_NAME.fits(found.contact):
        raise Malformed(f"contact {plain(found.contact, SHOWN_MAX)!r} is none; it should be {CONTACT_NAME.words}")
    return DigestDue(found.contact, in_utc(found.at))


def notice_in(body: str) -> NoticeReference | Untold:
    """The reference in ``body``: to what everybody is to be told, or one contact by one channel. Raises Malformed."""
    if "way" in decoded(body, dict[str, msgspec.Raw], "a notice"):
        untold = decoded(body, Untold, "a notice that could not be told")
        if not WAY_TO_TELL.fullmatch(untold.way):
            raise Malformed(f"way {plain(untold.way, SHOWN_MAX)!r} is none; it should look like 'oncall sns'")
        _require_incident_id(untold.incident_id)
        return untold
    found = decoded(body, NoticeReference, "a notice")
    _require_incident_id(found.incident_id)
    return found


def _require_incident_id(found: str) -> None:
    if not INCIDENT_ID.fullmatch(found):
        raise Malformed(f"incident_id {plain(found, SHOWN_MAX)!r} is no incident id; it should look like web-7")


def turn_of(body: str) -> Turn:
    """A turn of another page. Raises Malformed."""
    return decoded(body, Turn, "a turn of another page")


def turn_in(body: str) -> Turn | Release:
    """What the page is to do: Defib's own message, or an operator's event from the bus. Raises Malformed."""
    if "detail-type" not in decoded(body, dict[str, msgspec.Raw], "a message"):
        return decoded(body, Turn, "a turn of the page")
    event = decoded(body, Envelope, "an event")
    if (event.source, event.detail_type) != (EVENT_SOURCE, PUBLISH_TYPE):
        raise Malformed(f"unknown event {plain(event.source)}: {plain(event.detail_type)}; the page knows Publish")
    return decoded(event.detail, Release, "an event detail")
