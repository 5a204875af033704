"""The timeline of an incident, as its messages repeat it: what is of another day than its beginning carries its day."""

from __future__ import annotations

from datetime import datetime

from defib.core.incident import Incident
from defib.core.words import date_of, dated_clock


def with_line(incident: Incident, words: str, now: datetime) -> Incident:
    """The incident with one more notice, which stands in its timeline as ``words``."""
    return incident.with_notice(f"{dated_clock(now, incident.opened_at)}  {words}")


def timeline_of(incident: Incident, now: datetime) -> str:
    """The end of an e-mail: the timeline, and of which day it is where the e-mail is of another."""
    began = incident.opened_at
    since = "" if began.date() == now.date() else f", which began on {date_of(began)}"
    lines = (f"  {line}" for line in incident.timeline)
    return "\n".join((f"\nTimeline of incident {incident.id}{since} (written {dated_clock(now, began)})", *lines))
