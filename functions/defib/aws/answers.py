"""What people say to a repair that waits for them, or to a call: an event on the bus, read strictly and bounded."""

from __future__ import annotations

import re
from datetime import timedelta

import msgspec

from defib.aws.events import CallReply, DrillReply, Envelope, Reply
from defib.aws.untrusted import SHOWN_MAX, decoded, in_utc, is_instance_id, plain
from defib.core.answer.name import NAME_MAX
from defib.core.approval import Answer
from defib.core.call import SNOOZE, SNOOZE_LEAST, SNOOZE_MOST, CallAnswer, Reaction
from defib.core.drill import DrillOrder
from defib.core.duration import format_duration, parse_duration
from defib.core.frozen import replace
from defib.core.model import Signal, Source
from defib.core.setting import CONTACT_NAME
from defib.shell.ports import Malformed

CASE_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
INCIDENT_ID = re.compile(r"[a-z][a-z0-9:-]{0,60}-[1-9][0-9]{0,11}")
"""Such as ``web-7``, ``zone:us-east-1a-1`` or ``drill:oncall-3``."""


def from_operator(event: Envelope) -> Signal | CallAnswer:
    """Whoever may put such events on the bus may answer; who it was is only what they say of themselves.

    Raises Malformed.
    """
    if "incident" in decoded(event.detail, dict[str, msgspec.Raw], "an event detail"):
        return _to_call(decoded(event.detail, CallReply, "an event detail"))
    reply = decoded(event.detail, Reply, "an event detail")
    answer = checked(Answer(reply.case, reply.answer, reply.by))
    reason = plain(f"{answer.by} answers {answer.choice} to case {answer.case_id}")
    instance_id = answer.case_id.rpartition("-")[0]
    return Signal(Source.OPERATOR, instance_id, in_utc(event.time), reason, answer=answer)


def drill_wanted(event: Envelope) -> DrillOrder:
    """Whoever may put such events on the bus may have a contact drilled. Raises Malformed."""
    reply = decoded(event.detail, DrillReply, "an event detail")
    if not CONTACT_NAME.fits(reply.contact):
        raise Malformed(f"contact {plain(reply.contact, SHOWN_MAX)!r} is none; it should be {CONTACT_NAME.words}")
    return DrillOrder(reply.contact, _named(reply.by), in_utc(event.time))


def _to_call(reply: CallReply) -> CallAnswer:
    if not INCIDENT_ID.fullmatch(reply.incident):
        raise Malformed(f"{plain(reply.incident, SHOWN_MAX)!r} is no incident id; it should look like web-7")
    if reply.lasts and reply.answer is not Reaction.SNOOZE:
        raise Malformed(f"for is {plain(reply.lasts, SHOWN_MAX)!r}; only a snooze lasts for a time")
    lasts = _span(reply.lasts) if reply.lasts else SNOOZE
    return CallAnswer(reply.incident, reply.answer, _named(reply.by), lasts)


def _span(text: str) -> timedelta:
    least, most = format_duration(SNOOZE_LEAST), format_duration(SNOOZE_MOST)
    try:
        span = parse_duration(text)
    except ValueError:
        span = None
    if span is None or not SNOOZE_LEAST <= span <= SNOOZE_MOST:
        shown = plain(text, SHOWN_MAX)
        raise Malformed(f"for is {shown!r}; it should be a duration from {least} to {most}, such as 1h")
    return span


def _named(by: str) -> str:
    """As long a name as a link's page takes; of a longer one its beginning, which ends with an ellipsis."""
    shown = plain(by, NAME_MAX)
    if not shown:
        raise Malformed("by is empty; it should say who answers")
    return shown


def checked(answer: Answer) -> Answer:
    """The answer, fit to be remembered and shown. Raises Malformed."""
    instance_id, _, number = answer.case_id.rpartition("-")
    if not is_instance_id(instance_id) or not CASE_NUMBER.fullmatch(number):
        shown = plain(answer.case_id, SHOWN_MAX)
        raise Malformed(f"{shown!r} is no case id; it should look like i-0a1b2c3d4e5f60001-1")
    return replace(answer, by=_named(answer.by))
