"""What staff are told of a draft: that customers see nothing yet, what they would read, and how to publish it."""

from __future__ import annotations

from datetime import datetime

from defib.core.asking import PUBLISH_TYPE, saying
from defib.core.incident import Notice, NoticeKind
from defib.core.page.model import PublicIncident
from defib.core.words import SMS_MAX, SUBJECT_MAX, clock, plain

NOTICES = "draft:page"
"""What a draft's notices are kept under, as those of an incident are under its service; no service's name has a colon,
and of the names that have one no other begins so (core/audience.py)."""


def ask_to_publish(draft: PublicIncident, region: str, now: datetime) -> Notice:
    """The notice to the contacts of the first service that the draft concerns."""
    key = next(iter(draft.components))
    title = plain(draft.name, 60)
    body = "\n".join(
        (
            f"The status page has a draft: {draft.name}.",
            f"Customers would read: {draft.updates[-1].body}",
            f"Since:            {draft.started_at:%d %B %Y} {clock(draft.started_at)}.",
            "What Defib does:  Nothing is public. It keeps the draft up to date, and drops it when the trouble ends.",
            "What you must do: Publish it, if customers should know. Its updates follow by themselves from then on:",
            f"  {saying(PUBLISH_TYPE, {'incident': draft.number}, region)}",
        )
    )
    return Notice(
        incident_id=f"{NOTICES}-{draft.number}",
        service=key,
        sequence=1,
        kind=NoticeKind.PROGRESS,
        at=now,
        case_id="",
        instance_id="",
        subject=plain(f"[Defib {key}] publish? {title}", SUBJECT_MAX),
        body=body,
        sms=plain(f"Defib: status page draft waits for you: {title}. Publish it? See the e-mail.", SMS_MAX),
    )
