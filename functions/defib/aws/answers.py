"""What people say to a repair that waits for them: an event on the bus becomes a signal, strictly and bounded."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC

from defib.aws.events import Envelope, Reply
from defib.aws.untrusted import SHOWN_MAX, decoded, is_instance_id, plain
from defib.core.approval import Answer
from defib.core.model import Signal, Source
from defib.shell.ports import Malformed

CASE_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def from_operator(event: Envelope) -> Signal:
    """Whoever may put such events on the bus may answer; who it was is only what they say of themselves.

    Raises Malformed.
    """
    reply = decoded(event.detail, Reply, "an event detail")
    answer = checked(Answer(reply.case, reply.answer, reply.by))
    reason = plain(f"{answer.by} answers {answer.choice} to case {answer.case_id}")
    instance_id = answer.case_id.rpartition("-")[0]
    return Signal(Source.OPERATOR, instance_id, event.time.astimezone(UTC), reason, answer=answer)


def checked(answer: Answer) -> Answer:
    """The answer, fit to be remembered and shown. Raises Malformed."""
    instance_id, _, number = answer.case_id.rpartition("-")
    if not is_instance_id(instance_id) or not CASE_NUMBER.fullmatch(number):
        shown = plain(answer.case_id, SHOWN_MAX)
        raise Malformed(f"{shown!r} is no case id; it should look like i-0a1b2c3d4e5f60001-1")
    by = plain(answer.by, SHOWN_MAX)
    if not by:
        raise Malformed("by is empty; it should say who answers")
    return replace(answer, by=by)
