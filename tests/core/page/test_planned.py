from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

from defib.core.maintenance import Maintenance
from defib.core.page.derive import derive
from defib.core.page.model import ComponentStatus, MaintenanceStatus, Shown
from defib.core.page.planned import ANNOUNCED_MOST, planned, standing
from defib.core.page.settings import PageSettings
from tests.core.page.shown import API, HIDDEN, POLICY, WEB, WORKER, trouble

SUNDAYS = Maintenance(at="02:00", lasts=timedelta(hours=2), zone="Europe/Berlin", days=("sun",))
WITH = replace(POLICY, services=(API, replace(WEB, maintenance=(SUNDAYS,)), WORKER, HIDDEN))
SATURDAY = datetime(2026, 4, 25, 12, tzinfo=UTC)
BEGINS = datetime(2026, 4, 26, 0, tzinfo=UTC)


def test_a_window_is_announced_a_week_ahead() -> None:
    early = [planned(WITH, BEGINS - timedelta(days=days)) for days in (6, 7.5)]
    assert [BEGINS in [outage.start for outage in found] for found in early] == [True, False]


def test_it_is_scheduled_then_in_progress_then_completed_for_a_day() -> None:
    moments = [BEGINS - timedelta(hours=1), BEGINS, BEGINS + timedelta(hours=2), BEGINS + timedelta(hours=27)]
    found = [{o.start: o.status for o in planned(WITH, at)}.get(BEGINS) for at in moments]
    assert found == [MaintenanceStatus.SCHEDULED, MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.COMPLETED, None]


def test_what_is_to_come_is_listed_before_what_is_over() -> None:
    found = planned(WITH, BEGINS + timedelta(hours=3))
    assert [o.status for o in found] == [MaintenanceStatus.SCHEDULED, MaintenanceStatus.COMPLETED]


def test_customers_read_what_and_when_in_utc() -> None:
    (outage, *_) = planned(WITH, SATURDAY)
    assert outage.name == "Planned maintenance: Website"
    assert "from 2026-04-26 00:00 to 02:00 UTC" in outage.body


def test_an_outage_of_everything_is_one_for_all_services_on_the_page() -> None:
    all_of_it = replace(POLICY, maintenance=(SUNDAYS,))
    (outage, *_) = planned(all_of_it, SATURDAY)
    assert outage.components == ("api", "web", "worker")


def test_a_service_whose_own_window_is_everybodys_too_is_named_once() -> None:
    (outage, *_) = planned(replace(WITH, maintenance=(SUNDAYS,)), SATURDAY)
    assert outage.components == ("api", "web", "worker")


def test_a_service_that_is_not_on_the_page_is_not_announced() -> None:
    assert planned(replace(POLICY, services=(replace(HIDDEN, maintenance=(SUNDAYS,)),)), SATURDAY) == ()


def test_what_people_were_told_of_stays_planned_though_the_policy_would_announce_it_later_by_now() -> None:
    told = planned(WITH, SATURDAY)
    later = replace(WITH, page=replace(WITH.page, announce_maintenance=timedelta(hours=1)))
    assert planned(later, SATURDAY) == ()
    assert planned(later, SATURDAY, told[:1]) == told[:1]
    assert planned(replace(POLICY, page=later.page), SATURDAY, told) == ()


def test_its_id_stays_the_same_from_look_to_look() -> None:
    (one, *_), (two, *_) = planned(WITH, SATURDAY), planned(WITH, BEGINS)
    assert one.id == two.id


def test_what_changes_with_time_alone_makes_the_page_anew() -> None:
    assert standing(planned(WITH, SATURDAY)) != standing(planned(WITH, BEGINS))
    assert standing(planned(WITH, SATURDAY)) == standing(planned(WITH, SATURDAY + timedelta(minutes=1)))


def test_a_component_in_a_window_is_under_maintenance_and_trouble_is_worse_than_that() -> None:
    shown = derive(Shown(), (), WITH, BEGINS).shown
    assert {c.key: c.status for c in shown.components}["web"] is ComponentStatus.UNDER_MAINTENANCE
    shown = derive(shown, [trouble(since=BEGINS)], WITH, BEGINS + timedelta(minutes=5)).shown
    assert {c.key: c.status for c in shown.components}["web"] is ComponentStatus.DEGRADED
    shown = derive(shown, (), WITH, BEGINS + timedelta(hours=2)).shown
    assert {c.key: c.status for c in shown.components}["web"] is ComponentStatus.OPERATIONAL


def test_one_may_be_announced_as_long_ahead_as_the_policy_allows() -> None:
    (setting,) = (f.metadata["setting"] for f in fields(PageSettings) if f.name == "announce_maintenance")
    assert ANNOUNCED_MOST.total_seconds() == setting.most
