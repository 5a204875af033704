"""What other pages are told of planned outages when a deployment changes how, and from when on, they are announced."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.maintenance import Maintenance
from defib.core.page.elsewhere import Kind
from sim.elsewhere.instatus import InstatusServer
from sim.internet import RESETS, Failure, Response
from tests.publish.channels.pair import Pair

SOON = Maintenance("13:00", timedelta(hours=1), date="2026-04-30")
FAR = Maintenance("13:00", timedelta(hours=1), date="2026-05-05")
DAY = 24 * 60


@pytest.fixture(params=[Kind.STATUSPAGE, Kind.INSTATUS, Kind.CACHET])
def planned(request: pytest.FixtureRequest) -> Pair:
    """An outage in five days that has been announced there, where by now it would be two days before."""
    pair = Pair(request.param, maintenance=(FAR,))
    pair.at(0)
    pair.settle()
    later = replace(pair.policy.page, announce_maintenance=timedelta(days=2))
    pair.policy = replace(pair.policy, page=later)
    return pair


def test_who_announces_later_calls_nothing_off_that_was_announced_and_announces_nothing_twice(planned: Pair) -> None:
    for day in range(5):
        planned.at(10 + day * DAY)
        planned.settle()
    assert [said.status for said in planned.server.planned] == ["scheduled"]
    assert "DELETE" not in [request.method for request in planned.server.requests]


def test_what_the_policy_forgets_is_called_off_all_the_same(planned: Pair) -> None:
    planned.policy = replace(planned.policy, maintenance=())
    planned.at(10)
    planned.settle()
    assert planned.store.followed(planned.other.name).items == ()
    gone = planned.server.requests[-1].method == "DELETE"
    assert gone or planned.server.planned[-1].body == "This maintenance will not take place."


def test_what_a_stashboard_was_told_before_midnight_is_not_told_again_after_it() -> None:
    late = Maintenance("23:59", timedelta(hours=1), date="2026-04-30")
    pair = Pair(Kind.STASHBOARD, maintenance=(late,))
    pair.at(0)
    pair.settle()
    announced = len(pair.server.said)
    pair.faults.lost, pair.faults.next = True, [RESETS]
    # Ten seconds before midnight; whoever looks whether it arrived does so five seconds after.
    pair.at(720 - 1 / 6)
    pair.settle()
    begun = [said.about for said in pair.server.said[announced:]]
    assert sorted(begun) == ["api", "website", "workers"]


@pytest.mark.parametrize("failures", [[RESETS], [None, RESETS]], ids=["moving", "saying so"])
@pytest.mark.parametrize("lost", [False, True], ids=["not carried out", "answer lost"])
def test_an_end_that_is_moved_there_and_back_is_so_at_instatus_whatever_is_lost(
    failures: list[Response | Failure | None], lost: bool
) -> None:
    pair = Pair(Kind.INSTATUS, maintenance=(SOON,))
    pair.at(0)
    pair.settle()
    for minute, hours in ((10, 2), (20, 1)):
        pair.policy = replace(pair.policy, maintenance=(replace(SOON, lasts=timedelta(hours=hours)),))
        pair.faults.lost, pair.faults.next = lost, [*failures]
        pair.at(minute)
        pair.settle()
    assert isinstance(pair.server, InstatusServer)
    assert pair.server.ends_of_maintenances() == ["2026-04-30T14:00:00.000Z"]
    ends = [said.body.partition(" to ")[2][:5] for said in pair.server.planned]
    assert ends == ["14:00", "15:00", "14:00"]


def test_of_two_that_begin_together_the_one_that_ends_last_is_told_of_to_its_end() -> None:
    pair = Pair(Kind.STATUSPAGE, maintenance=(SOON, replace(SOON, lasts=timedelta(hours=3))))
    stood = []
    for minute in (0, 70, 130, 190, 250):
        pair.at(minute)
        pair.settle()
        stood.append(pair.server.planned[-1].status)
    assert stood == ["scheduled", "in_progress", "in_progress", "in_progress", "completed"]
