from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from defib.core.page.history import DAYS, Day, days, uptime
from defib.core.page.model import Affected, Component, ComponentStatus, Impact, IncidentStatus, Origin, PublicIncident
from defib.core.page.model import Update as Said

NOW = datetime(2026, 4, 30, 12, tzinfo=UTC)
WEB = Component("web", "Website", created_at=NOW - timedelta(days=365))
UP, SLOW, PARTLY, DOWN = (
    ComponentStatus.OPERATIONAL,
    ComponentStatus.DEGRADED,
    ComponentStatus.PARTIAL_OUTAGE,
    ComponentStatus.MAJOR_OUTAGE,
)


def incident(start: datetime, *said: tuple[timedelta, ComponentStatus], number: int = 1) -> PublicIncident:
    """One that began at ``start``; each update comes so long after that, the first counting from the start."""
    updates = tuple(
        Said(n, start + after, IncidentStatus.IDENTIFIED, "", (Affected("web", "Website", UP, status),))
        for n, (after, status) in enumerate(said, 1)
    )
    over = updates[-1].at if said[-1][1] is UP else None
    status = IncidentStatus.RESOLVED if over else IncidentStatus.IDENTIFIED
    return PublicIncident(
        number, "Website", "component:web", Origin.DEFIB, Impact.MAJOR, status, start, start, updates, resolved_at=over
    )


def day(bars: tuple[Day, ...], when: date) -> Day:
    return next(bar for bar in bars if bar.date == when)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def test_there_is_a_bar_for_each_of_ninety_days_and_today_is_the_last() -> None:
    bars = days(WEB, (), NOW)
    assert len(bars) == DAYS == 90
    assert (bars[0].date, bars[-1].date) == (date(2026, 1, 31), date(2026, 4, 30))
    assert {bar.status for bar in bars} == {UP}


def test_before_the_page_knew_the_component_there_is_no_data_rather_than_green() -> None:
    bars = days(replace(WEB, created_at=NOW - timedelta(days=2)), (), NOW)
    assert [bar.status for bar in bars[-4:]] == [None, UP, UP, UP]


def test_an_outage_over_midnight_is_cut_there() -> None:
    late = incident(datetime(2026, 4, 20, 23, tzinfo=UTC), (hours(0), DOWN), (hours(3), UP))
    bars = days(WEB, [late], NOW)
    assert [(b.status, b.trouble) for b in (day(bars, date(2026, 4, 20)), day(bars, date(2026, 4, 21)))] == [
        (DOWN, hours(1)),
        (DOWN, hours(2)),
    ]
    assert day(bars, date(2026, 4, 22)).status is UP


def test_an_outage_of_many_days_colours_each_of_them() -> None:
    long = incident(datetime(2026, 4, 10, 6, tzinfo=UTC), (hours(0), PARTLY), (hours(72), UP))
    bars = days(WEB, [long], NOW)
    assert [day(bars, date(2026, 4, n)).trouble for n in (10, 11, 12, 13)] == [
        hours(18),
        hours(24),
        hours(24),
        hours(6),
    ]


def test_midnight_is_utcs_whatever_zone_a_time_is_given_in() -> None:
    east = datetime.fromisoformat("2026-04-21T01:00:00+02:00")
    bars = days(WEB, [incident(east, (hours(0), DOWN), (hours(0.5), UP))], NOW)
    assert day(bars, date(2026, 4, 20)).status is DOWN


def test_a_day_shows_its_worst_and_every_incident_that_touched_it() -> None:
    noon = datetime(2026, 4, 20, 12, tzinfo=UTC)
    one = incident(noon, (hours(0), SLOW), (hours(1), DOWN), (hours(2), UP))
    two = incident(noon + hours(1), (hours(0), PARTLY), (hours(2), UP), number=2)
    bar = day(days(WEB, [one, two], NOW), date(2026, 4, 20))
    assert (bar.status, bar.trouble) == (DOWN, hours(3))
    assert [i.number for i in bar.incidents] == [1, 2]


def test_an_open_incident_lasts_until_now() -> None:
    bar = days(WEB, [incident(NOW - hours(2), (hours(0), DOWN))], NOW)[-1]
    assert bar.trouble == hours(2)


def test_the_bar_begins_when_the_trouble_did_not_when_the_page_said_so() -> None:
    start = datetime(2026, 4, 20, 12, tzinfo=UTC)
    bar = day(days(WEB, [incident(start, (hours(0.5), DOWN), (hours(1), UP))], NOW), date(2026, 4, 20))
    assert bar.trouble == hours(1)


@pytest.mark.parametrize(
    ("status", "down"), [(SLOW, 0.0), (ComponentStatus.UNDER_MAINTENANCE, 0.0), (PARTLY, 0.3), (DOWN, 1.0)]
)
def test_a_partial_outage_counts_for_three_tenths_and_degraded_for_nothing(
    status: ComponentStatus, down: float
) -> None:
    component = replace(WEB, created_at=NOW - hours(100))
    found = uptime(component, [incident(NOW - hours(20), (hours(0), status), (hours(10), UP))], NOW)
    assert found == pytest.approx(1 - down * 0.1)


def test_two_incidents_at_once_are_not_down_twice() -> None:
    component = replace(WEB, created_at=NOW - hours(100))
    both = [incident(NOW - hours(20), (hours(0), DOWN), (hours(10), UP), number=n) for n in (1, 2)]
    assert uptime(component, both, NOW) == pytest.approx(0.9)


def test_of_a_component_as_old_as_this_moment_there_is_no_uptime() -> None:
    assert uptime(replace(WEB, created_at=NOW), (), NOW) is None


def test_of_a_component_that_nobody_knows_the_age_of_there_is_no_uptime() -> None:
    assert uptime(replace(WEB, created_at=None), (), NOW) is None
