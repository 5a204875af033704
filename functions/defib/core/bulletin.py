"""News of more than one service, such as an impaired zone: an incident under a name that no service can have."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from defib.core.brevity import sms_of, subject_of
from defib.core.call import Want, unwanted, wanted
from defib.core.call_news import lines_of
from defib.core.escalation import Tier
from defib.core.frozen import dataclass, replace
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.severity import Severity
from defib.core.timeline import timeline_of, with_line
from defib.core.words import clock, date_of

if TYPE_CHECKING:
    from defib.core.policy import Policy


@dataclass(frozen=True, slots=True)
class Story:
    """One notice in words. ``brief`` is what an SMS says after the headline."""

    headline: str
    wrong: str
    doing: str
    duty: str
    brief: str
    asks: bool = False
    """Whether a person is asked for."""
    tag: str = "NEEDS YOU:"
    """What the subject says of that; a drill says itself what it is."""
    about: str = "all"
    """What a person is asked for, or no longer is: one name for each thing that may ask in the same incident."""


def compose(
    incident: Incident, story: Story, kind: NoticeKind, policy: Policy, now: datetime
) -> tuple[Incident, Notice]:
    """The next notice of ``incident``, and the incident with the notice in its timeline."""
    told = replace(with_line(incident, story.headline, now), harmed=True)
    told = _called(told, story, policy, now)
    tag = " resolved:" if kind is NoticeKind.RESOLVED else f" {story.tag}".rstrip() if story.asks else ""
    headline = story.headline[0].upper() + story.headline[1:]
    body = "\n".join(
        (
            f"{headline}.",
            f"What was wrong:   {story.wrong}" if kind is NoticeKind.RESOLVED else f"What is wrong:    {story.wrong}",
            f"Since:            {date_of(incident.opened_at)} {clock(incident.opened_at)}.",
            f"What Defib does:  {story.doing}",
            f"What you must do: {story.duty}",
            *lines_of(told, policy),
            timeline_of(told, now),
        )
    )
    notice = Notice(
        incident_id=told.id,
        service=told.service,
        sequence=told.notices,
        kind=kind,
        at=now,
        case_id="",
        instance_id="",
        subject=subject_of(f"[Defib]{tag}", story.headline),
        body=body,
        sms=sms_of("Defib:", story.headline, story.brief),
        severity=Severity.URGENT if story.asks else Severity.HIGH,
        tier=told.reached or Tier.FIRST,
    )
    return told, notice


def _called(incident: Incident, story: Story, policy: Policy, now: datetime) -> Incident:
    """The incident once its story asks for a person, or no longer does."""
    if incident.resolved_at is not None:
        return replace(incident, call=None)
    if not story.asks:
        return unwanted(incident, story.about)
    return wanted(incident, Want(story.about, story.about, now, story.headline, story.duty), policy, now)
