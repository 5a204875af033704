"""Defib's own messages between its functions: JSON on the queues, values in the code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import msgspec

from defib.aws.normalise import BODY_MAX, INSTANCE_ID, plain
from defib.core.case import Perform
from defib.core.incident import Notice
from defib.core.model import Signal
from defib.shell.ports import Malformed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NoticeReference:
    """Which notice to publish; its text is read from the table."""

    incident_id: str
    sequence: int


def encode(message: Signal | Perform | NoticeReference) -> str:
    """The message body for ``message``."""
    return msgspec.json.encode(message).decode()


def reference(notice: Notice) -> NoticeReference:
    """What the ``notices`` queue carries of ``notice``."""
    return NoticeReference(notice.incident_id, notice.sequence)


def order_in(body: str) -> Perform:
    """The order in ``body``. Raises Malformed."""
    order = _decode(body, Perform)
    if not INSTANCE_ID.fullmatch(order.instance_id):
        raise Malformed(f"instance_id {plain(order.instance_id, 60)!r} is no instance id")
    return order


def notice_in(body: str) -> NoticeReference:
    """The reference in ``body``. Raises Malformed."""
    found = _decode(body, NoticeReference)
    if not found.incident_id.rpartition("-")[2].isdecimal():
        raise Malformed(f"incident_id {plain(found.incident_id, 60)!r} is no incident id; it should look like web-7")
    return found


def _decode(body: str, shape: type[T]) -> T:
    if len(body) > BODY_MAX:
        raise Malformed(f"the message has {len(body)} characters; at most {BODY_MAX} are read")
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Malformed(f"not a {shape.__name__}: {plain(str(error))}") from error
