"""The page as its templates see it: texts in its language, links, looks; every decision is taken before a template."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from defib.core.frozen import dataclass
from defib.core.page.history import DAYS, Day, counted_from, days, uptime
from defib.core.page.languages.words import Words
from defib.core.page.model import Component, ComponentStatus, Page, PlannedOutage, PublicIncident
from defib.core.page.words import calendar_date, listed, month_name, took
from defib.publish.page.looks import IMPACT_LOOKS, LOOKS, Look

PAST_DAYS = 14
"""Days that the main page tells of one by one."""
PAST_MAX = 20
"""Incidents that it tells of in these days; the months' pages tell of all."""
LINKED_MAX = 12
"""Bad days of a component whose bars lead to them, the newest; older ones are drawn together, which is lighter."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as machines and people read it."""

    iso: str
    text: str


@dataclass(frozen=True, slots=True)
class UpdateView:
    status: str
    body: str
    at: Moment


@dataclass(frozen=True, slots=True)
class IncidentView:
    name: str
    href: str
    look: Look
    updates: tuple[UpdateView, ...]
    """The newest first."""
    affects: str
    start: Moment
    end: Moment | None


@dataclass(frozen=True, slots=True)
class OutageView:
    id: str
    name: str
    status: str
    look: Look
    body: str
    start: Moment
    end: Moment


@dataclass(frozen=True, slots=True)
class BarView:
    x: int
    y: int
    fill: str
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class ComponentView:
    name: str
    description: str
    level: str
    status: str
    look: Look
    bars: tuple[BarView, ...]
    """Of the newest days with trouble."""
    older: tuple[tuple[str, str], ...]
    """Of the older ones, by the class of their fill: one path each."""
    unknown: int
    """How many days, from the first on, nothing is known of."""
    known: int
    uptime: str
    uptime_narrow: str
    """Beside the newest half of the days alone."""
    summary: str


@dataclass(frozen=True, slots=True)
class GroupView:
    name: str
    open: bool
    status: str
    look: Look
    components: tuple[ComponentView, ...]


@dataclass(frozen=True, slots=True)
class DayView:
    number: int
    text: str
    incidents: tuple[IncidentView, ...]
    more: str = ""
    """How many there are besides; empty for none."""
    href: str = ""
    """Where all of them are told of."""


@dataclass(frozen=True, slots=True)
class MonthView:
    name: str
    href: str
    count: int
    days: tuple[DayView, ...]


class Viewer:
    """Makes the views of one page in one language. ``root`` leads from the viewing document to the page's root."""

    def __init__(self, page: Page, said: Words) -> None:
        self._page = page
        self._said = said
        self._shown: dict[tuple[int, str], IncidentView] = {}

    def moment(self, at: datetime) -> Moment:
        utc = at.astimezone(UTC)
        return Moment(utc.strftime("%Y-%m-%dT%H:%M:%SZ"), f"{calendar_date(utc.date(), self._said)}, {utc:%H:%M} UTC")

    def incident(self, incident: PublicIncident, root: str) -> IncidentView:
        known = self._shown.get((incident.number, root))
        if known is None:
            known = self._incident(incident, root)
            self._shown[incident.number, root] = known
        return known

    def _incident(self, incident: PublicIncident, root: str) -> IncidentView:
        affected = incident.updates[-1].affected if incident.updates else ()
        return IncidentView(
            incident.name,
            f"{root}incidents/{incident.id}.html",
            IMPACT_LOOKS[incident.impact],
            tuple(
                UpdateView(self._said.incident[u.status], u.body, self.moment(u.at)) for u in reversed(incident.updates)
            ),
            listed([a.name for a in affected], self._said) if affected else "",
            self.moment(incident.started_at),
            self.moment(incident.resolved_at) if incident.resolved_at is not None else None,
        )

    def outage(self, outage: PlannedOutage) -> OutageView:
        look, status = LOOKS[ComponentStatus.UNDER_MAINTENANCE], self._said.maintenance[outage.status]
        start, end = self.moment(outage.start), self.moment(outage.end)
        return OutageView(outage.id, outage.name, status, look, outage.body, start, end)

    def groups(self) -> Iterator[GroupView]:
        for name, under in groupby(self._page.components, key=lambda component: component.group):
            members = tuple(under)
            worst = max((c.status for c in members), key=lambda status: status.severity)
            is_open = worst is not ComponentStatus.OPERATIONAL
            views = tuple(self._component(c, "h4" if name else "h3") for c in members)
            yield GroupView(name, is_open, self._said.component[worst], LOOKS[worst], views)

    def _component(self, component: Component, level: str) -> ComponentView:
        said, now = self._said, self._page.generated_at
        bars = days(component, self._page.incidents, now)
        share = uptime(component, self._page.incidents, now)
        unknown = sum(1 for day in bars if day.status is None)
        troubled = [(n, day) for n, day in enumerate(bars) if day.status not in (None, ComponentStatus.OPERATIONAL)]
        shown, narrow = ("", "") if share is None else self._uptime(share, component)
        summary = said.trouble_days.format(count=len(bars), trouble=len(troubled))
        return ComponentView(
            component.name,
            component.description,
            level,
            said.component[component.status],
            LOOKS[component.status],
            tuple(self._bar(n, day) for n, day in troubled[-LINKED_MAX:]),
            _drawn(troubled[:-LINKED_MAX]),
            unknown,
            len(bars) - unknown,
            shown,
            narrow,
            f"{summary}, {shown}" if shown else summary,
        )

    def _uptime(self, share: float, component: Component) -> tuple[str, str]:
        """Over all days, and over the newest half of them: neither may seem to count days that it does not."""
        said, percent = self._said, _percent(share)
        born = component.created_at
        if born is not None and born > counted_from(self._page.generated_at):
            since = said.uptime_since.format(percent=percent, date=calendar_date(born.astimezone(UTC).date(), said))
            return since, since
        return said.uptime.format(percent=percent), said.uptime_in.format(percent=percent, count=DAYS)

    def _bar(self, number: int, day: Day) -> BarView:
        said = self._said
        status = day.status or ComponentStatus.OPERATIONAL
        lasted = said.trouble_took.format(took=took(day.trouble, said))
        label = f"{calendar_date(day.date, said)}: {said.component[status]}, {lasted}"
        href = f"{month_path(day.date)}#d{day.date.day}"
        return BarView(number * 5, LOOKS[status].top, LOOKS[status].fill, label, href)

    def past(self) -> Iterator[DayView]:
        """The last days, today first, each with the incidents that began on it and are over.

        Of a day on which only what is still open went on it can't be said that nothing was reported: it is left out.
        """
        today = self._page.generated_at.astimezone(UTC).date()
        going_on = {day for i in self._page.open for day in _touched(i, self._page.generated_at)}
        over = [incident for incident in self._page.incidents if incident.resolved_at is not None]
        left = PAST_MAX
        for back in range(PAST_DAYS):
            day = today - timedelta(days=back)
            begun = [incident for incident in over if _began(incident) == day]
            if not begun and day in going_on:
                continue
            shown = tuple(self.incident(incident, "") for incident in begun[:left])
            left -= len(shown)
            more = self._said.more.format(count=len(begun) - len(shown)) if len(begun) > len(shown) else ""
            yield DayView(day.day, calendar_date(day, self._said), shown, more, f"{month_path(day)}#d{day.day}")

    def months(self) -> Iterator[MonthView]:
        """Each month of which there is an incident, the newest first, with the days that incidents touched."""
        touched: dict[date, list[PublicIncident]] = {}
        for incident in self._page.incidents:
            for day in _touched(incident, self._page.generated_at):
                touched.setdefault(day, []).append(incident)
        newest = sorted(touched, reverse=True)
        for first, group in groupby(newest, key=lambda day: day.replace(day=1)):
            views = [self._day(day, touched[day]) for day in group]
            count = sum(1 for incident in self._page.incidents if _began(incident).replace(day=1) == first)
            yield MonthView(month_name(first, self._said), month_path(first), count, tuple(views))

    def _day(self, day: date, incidents: Sequence[PublicIncident]) -> DayView:
        return DayView(day.day, calendar_date(day, self._said), tuple(self.incident(i, "../") for i in incidents))


def _drawn(troubled: Sequence[tuple[int, Day]]) -> tuple[tuple[str, str], ...]:
    paths: dict[str, str] = {}
    for number, day in troubled:
        look = LOOKS[day.status or ComponentStatus.OPERATIONAL]
        paths[look.fill] = paths.get(look.fill, "") + f"M{number * 5} {look.top}h4V34h-4z"
    return tuple(paths.items())


def month_path(day: date) -> str:
    """Where the month of ``day`` lies, from the page's root."""
    return f"history/{day:%Y-%m}.html"


def _percent(share: float) -> str:
    """Two decimals, rounded down: what was not up all the time is not 100 %."""
    return f"{int(share * 10_000) / 100:.2f}"


def _began(incident: PublicIncident) -> date:
    return incident.started_at.astimezone(UTC).date()


def _touched(incident: PublicIncident, now: datetime) -> Iterator[date]:
    """The days in UTC from its beginning to its end."""
    day, last = _began(incident), (incident.resolved_at or now).astimezone(UTC).date()
    while day <= last:
        yield day
        day += timedelta(days=1)
