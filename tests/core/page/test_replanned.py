"""Which planned outage is which after a deployment: what people are to read of it, and what is no news to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.maintenance import DAYS, Maintenance
from defib.core.page.planned import ANNOUNCED_MOST
from defib.core.page.replanned import NAME_MOST, Change, Plans, announced, as_told, changes, kept, plans
from defib.core.page.settings import Language
from defib.core.policy import Policy, Service
from tests.core.page.shown import API, NOON, POLICY, WEB

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def once(days: int, at: str = "13:00", hours: int = 1) -> Maintenance:
    return Maintenance(at, hours * HOUR, date=f"{NOON.date() + days * DAY:%Y-%m-%d}")


def of(*services: Service, everything: Sequence[Maintenance] = (), announce: timedelta = 7 * DAY) -> Policy:
    page = replace(POLICY.page, announce_maintenance=announce)
    return replace(POLICY, services=services, maintenance=tuple(everything), page=page)


def alone(*planned: Maintenance) -> Policy:
    return of(replace(WEB, maintenance=planned))


def read(before: Policy, after: Policy, later: timedelta = timedelta(0)) -> list[str]:
    """What people read who know all of ``before`` once ``after`` is deployed: of each what it was, and is."""
    found = changes(announced(plans(before, NOON)), plans(after, NOON + later))
    return sorted(_as_line(change) for change in found)


def _as_line(change: Change) -> str:
    was = "+".join(f"{','.join(b.components)} {b.start:%d.%H}-{b.end:%H}" for b in change.before) or "nothing"
    if change.outage is None:
        return f"{was} is off"
    is_ = change.outage
    return f"{was} is {','.join(is_.components)} {is_.start:%d.%H}-{is_.end:%H} {is_.status}"


WEEKLY = Maintenance("02:00", 2 * HOUR, days=("sun",))
DAILY = Maintenance("13:00", HOUR, days=DAYS)


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (alone(once(2)), alone(once(2)), []),
        (alone(once(2)), alone(), ["web 02.13-14 is off"]),
        (alone(once(2)), alone(once(2, hours=2)), ["web 02.13-14 is web 02.13-15 scheduled"]),
        (alone(once(2)), alone(once(2, at="15:00")), ["web 02.13-14 is web 02.15-16 scheduled"]),
        (alone(once(2), once(4)), alone(once(4)), ["web 02.13-14 is off"]),
        (alone(once(2), once(4)), alone(once(3), once(4)), ["web 02.13-14 is web 03.13-14 scheduled"]),
        (alone(once(2)), alone(once(20)), ["web 02.13-14 is off"]),
        (
            alone(once(2), once(3)),
            alone(once(4), once(5)),
            ["web 02.13-14 is web 04.13-14 scheduled", "web 03.13-14 is web 05.13-14 scheduled"],
        ),
        (alone(once(6)), alone(once(7, at="12:30")), ["web 06.13-14 is web 07.12-13 scheduled"]),
        (alone(once(2), WEEKLY), alone(WEEKLY), ["web 02.13-14 is off"]),
    ],
)
def test_it_is_as_told_or_called_off_or_at_another_time(before: Policy, after: Policy, found: list[str]) -> None:
    assert read(before, after) == found


def test_all_of_a_series_are_moved_each_to_the_next_and_none_is_called_off() -> None:
    an_hour_later = replace(DAILY, at="14:00")
    found = read(alone(DAILY), alone(an_hour_later))

    assert found[0] == "web 01.13-14 is web 01.14-15 scheduled"
    assert len(found) == 7
    assert all(line.split()[1][:3] == line.split()[4][:3] for line in found), "each stays on its day"


WEB_TOO, API_TOO = replace(WEB, maintenance=(once(2),)), replace(API, maintenance=(once(2),))


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (of(WEB_TOO), of(WEB_TOO, API_TOO), ["web 02.13-14 is web,api 02.13-14 scheduled"]),
        (of(WEB_TOO, API_TOO), of(WEB_TOO, API), ["web,api 02.13-14 is web 02.13-14 scheduled"]),
        (
            of(WEB_TOO, replace(API, maintenance=(once(2, hours=3),))),
            of(replace(WEB, maintenance=(once(2, hours=3),)), replace(API, maintenance=(once(2, hours=3),))),
            ["web 02.13-14+api 02.13-16 is web,api 02.13-16 scheduled"],
        ),
        (of(WEB_TOO, API), of(WEB, API_TOO), ["nothing is api 02.13-14 scheduled", "web 02.13-14 is off"]),
    ],
)
def test_one_that_is_for_more_or_fewer_by_now_is_the_same_one(before: Policy, after: Policy, found: list[str]) -> None:
    assert read(before, after) == found


def test_titles_keys_language_and_order_are_no_news() -> None:
    before = of(WEB, API, everything=[once(2)])
    shop = replace(WEB, page=replace(WEB.page, title="Shop"))
    german = replace(before, page=replace(before.page, language=Language.GERMAN))
    another_key = replace(WEB, name="www")

    for after in (of(shop, API, everything=[once(2)]), german, of(API, WEB, everything=[once(2)])):
        assert read(before, after) == []
        assert len(kept(announced(plans(before, NOON)), plans(after, NOON))) == 1
    assert read(alone(once(2)), of(replace(another_key, maintenance=(once(2),)))) == []


def test_of_what_has_left_the_page_nobody_says_that_it_does_not_take_place() -> None:
    before = of(WEB, API, everything=[once(2)])
    hidden = replace(API, page=replace(API.page, title=""))

    assert read(before, of(WEB, everything=[once(2)])) == []
    assert read(before, of(WEB, hidden, everything=[once(2)])) == []
    assert read(of(API_TOO), of(hidden, WEB)) == []
    assert kept(announced(plans(of(API_TOO), NOON)), plans(of(hidden, WEB), NOON)) == ()
    assert read(before, of(WEB)) == ["web,api 02.13-14 is off"]


def test_that_it_is_announced_later_by_now_calls_nothing_off() -> None:
    assert read(alone(once(2)), of(replace(WEB, maintenance=(once(2),)), announce=HOUR)) == []


ON = 2 * DAY + 1.5 * HOUR


@pytest.mark.parametrize(
    ("after", "later", "found"),
    [
        (alone(once(2)), ON, []),
        (alone(once(2)), ON + HOUR, []),
        (alone(once(2, hours=3)), ON, ["web 02.13-14 is web 02.13-16 in_progress"]),
        (alone(once(2, hours=3)), ON + HOUR, ["web 02.13-14 is web 02.13-16 in_progress"]),
        (alone(once(2, hours=3)), ON + 3 * HOUR, []),
        (alone(once(2, at="15:00")), ON, ["web 02.13-14 is web 02.15-16 scheduled"]),
        (alone(), ON, ["web 02.13-14 is off"]),
        (alone(), ON + HOUR, []),
        (of(replace(WEB, maintenance=(once(3),)), announce=HOUR), ON, ["web 02.13-14 is off"]),
    ],
)
def test_one_that_is_on_is_told_of_when_it_ends_otherwise(after: Policy, later: timedelta, found: list[str]) -> None:
    assert read(alone(once(2)), after, later) == found


def test_one_that_is_cut_short_and_over_is_told_of() -> None:
    assert read(alone(once(2, hours=3)), alone(once(2)), ON + HOUR) == ["web 02.13-16 is web 02.13-14 completed"]


def test_of_two_that_begin_together_for_the_same_the_one_that_ends_last_is_told_of() -> None:
    both = alone(once(2), once(2, hours=3))

    assert read(both, both, ON + HOUR) == []
    assert read(alone(), both) == ["nothing is web 02.13-16 scheduled"]
    assert read(both, alone(once(2))) == ["web 02.13-16 is web 02.13-14 scheduled"]


def test_what_is_remembered_is_what_may_come_up_again() -> None:
    told = announced(plans(alone(DAILY), NOON))
    week = plans(alone(DAILY), NOON + 30 * DAY)

    assert kept(told, plans(alone(DAILY), NOON)) == told
    assert kept(told, week) == ()
    assert len(kept(announced(plans(of(replace(WEB, maintenance=(DAILY,)), announce=ANNOUNCED_MOST), NOON)), week)) == 1


def test_of_a_long_name_the_beginning_is_remembered() -> None:
    (outage,) = plans(alone(once(2)), NOON).near
    long = replace(outage, name="x" * 5_000)

    assert len(as_told(long).name) == NAME_MOST
    assert not list(changes([as_told(replace(long, components=("www",)))], Plans(NOON, (long,), (long,), WEB_ONLY)))


WEB_ONLY = frozenset({"web"})
