"""The past of a component, day by day in UTC: what open incidents said of it, cut at midnight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from defib.core.frozen import dataclass
from defib.core.page.model import Component, ComponentStatus, PublicIncident

DAYS = 90
PARTLY_DOWN = 0.3
"""How much of a partial outage counts as down: so Instatus counts too. Degraded performance and maintenance are up."""

DOWN = {ComponentStatus.PARTIAL_OUTAGE: PARTLY_DOWN, ComponentStatus.MAJOR_OUTAGE: 1.0}


@dataclass(frozen=True, slots=True)
class Span:
    """How a component stood, by one incident's word, for one stretch of time."""

    status: ComponentStatus
    start: datetime
    end: datetime
    incident: PublicIncident


@dataclass(frozen=True, slots=True)
class Day:
    """One bar."""

    date: date
    status: ComponentStatus | None
    """The worst of the day; None before the page knew the component: no data is not well."""
    trouble: timedelta
    """How long it was not operational; what several incidents say at once counts once."""
    incidents: tuple[PublicIncident, ...]


def days(component: Component, incidents: Sequence[PublicIncident], now: datetime) -> tuple[Day, ...]:
    """The last DAYS days, today the last. ``incidents`` are all that touch them, in any order."""
    spans = tuple(_spans(component, incidents, now))
    born = component.created_at.astimezone(UTC).date() if component.created_at is not None else now.date()
    today = now.astimezone(UTC).date()
    return tuple(_day(today - timedelta(days=back), born, spans) for back in range(DAYS - 1, -1, -1))


def counted_from(now: datetime) -> datetime:
    """When the first of the last DAYS days began."""
    return datetime.combine(now.astimezone(UTC).date() - timedelta(days=DAYS - 1), time(0), UTC)


def uptime(component: Component, incidents: Sequence[PublicIncident], now: datetime) -> float | None:
    """The share of the last DAYS days, or of those that the page knows the component, in which it was up; 0 to 1."""
    if component.created_at is None:
        return None
    first = max(counted_from(now), component.created_at)
    spans = [(max(s.start, first), s.end, DOWN.get(s.status, 0.0)) for s in _spans(component, incidents, now)]
    known = (now - first).total_seconds()
    if known <= 0:
        return None
    edges = sorted({first, now, *(at for start, end, _ in spans for at in (start, end) if first <= at <= now)})
    down = 0.0
    for begin, end in pairwise(edges):
        down += (end - begin).total_seconds() * max((d for s, e, d in spans if s <= begin and end <= e), default=0.0)
    return 1 - down / known


def _spans(component: Component, incidents: Sequence[PublicIncident], now: datetime) -> Iterator[Span]:
    """What each incident said of the component, from the trouble's beginning on."""
    for incident in incidents:
        kept = [(u.at, a.new) for u in incident.updates for a in u.affected if a.key == component.key]
        left_out = [(s.at, s.status) for s in incident.stood if s.key == component.key]
        said = sorted([*kept, *left_out], key=lambda word: word[0])
        for n, (at, status) in enumerate(said):
            start = incident.started_at if n == 0 else at
            end = said[n + 1][0] if n + 1 < len(said) else (incident.resolved_at or now)
            if status is not ComponentStatus.OPERATIONAL and start < end:
                yield Span(status, start, end, incident)


def _day(day: date, born: date, spans: Sequence[Span]) -> Day:
    start = datetime.combine(day, time(0), UTC)
    end = start + timedelta(days=1)
    cut = [(max(s.start, start), min(s.end, end), s) for s in spans if s.start < end and start < s.end]
    if not cut and day < born:
        return Day(day, None, timedelta(0), ())
    worst = max((s.status for _, _, s in cut), key=lambda status: status.severity, default=ComponentStatus.OPERATIONAL)
    touched = tuple({s.incident.number: s.incident for _, _, s in cut}.values())
    return Day(day, worst, _covered([(begin, until) for begin, until, _ in cut]), touched)


def _covered(stretches: Sequence[tuple[datetime, datetime]]) -> timedelta:
    total, reached = timedelta(0), datetime.min.replace(tzinfo=UTC)
    for start, end in sorted(stretches):
        total += max(timedelta(0), end - max(start, reached))
        reached = max(reached, end)
    return total
