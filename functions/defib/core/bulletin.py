"""News of more than one service, such as an impaired zone: an incident under a name that no service can have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from defib.core.brevity import sms_of, subject_of
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.words import clock

FOR_EVERYBODY = ("aws:", "zone:")
"""How the names of such incidents begin; every contact hears of them."""


@dataclass(frozen=True, slots=True)
class Story:
    """One notice in words. ``brief`` is what an SMS says after the headline."""

    headline: str
    wrong: str
    doing: str
    duty: str
    brief: str


def compose(incident: Incident, story: Story, kind: NoticeKind, now: datetime) -> tuple[Incident, Notice]:
    """The next notice of ``incident``, and the incident with the notice in its timeline."""
    entry = f"{clock(now)}  {story.headline}"
    told = replace(incident, notices=incident.notices + 1, timeline=(*incident.timeline, entry))
    resolved = "resolved: " if kind is NoticeKind.RESOLVED else ""
    timeline = "\n".join(f"  {line}" for line in told.timeline)
    headline = story.headline[0].upper() + story.headline[1:]
    body = "\n".join(
        (
            f"{headline}.",
            f"What was wrong:   {story.wrong}" if kind is NoticeKind.RESOLVED else f"What is wrong:    {story.wrong}",
            f"Since:            {incident.opened_at:%d %B %Y} {clock(incident.opened_at)}.",
            f"What Defib does:  {story.doing}",
            f"What you must do: {story.duty}",
            f"\nTimeline of incident {told.id} (written {clock(now)})\n{timeline}",
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
        subject=subject_of(f"[Defib] {resolved}".rstrip(), story.headline),
        body=body,
        sms=sms_of("Defib:", story.headline, story.brief),
    )
    return told, notice
