"""Operators who move traffic by hand: ARC takes their shift or not, and what they have moved is theirs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from defib.aws.zonal_shift import ArcRouter
from defib.core.shift import load_balancer_of
from sim.fuzz.by_hand import Hands
from sim.fuzz.cloud import ZONE_IDS
from sim.fuzz.draw import draw
from sim.fuzz.nth import scenario_story
from sim.fuzz.story import MovedByHand
from sim.fuzz.world import World

NOW, HOUR = timedelta(0), timedelta(hours=1)
HERE, THERE = "us-east-1a", "us-east-1b"


class Traffic:
    """A load balancer whose traffic Defib and people may move."""

    def __init__(self) -> None:
        self.world = World(scenario_story("zonal-shift"))
        service = next(service for service in self.world.story.policy.services if service.target_groups)
        self.balancer = load_balancer_of(service.target_groups[0])
        self.hands = Hands(self.world.cloud)
        self.defib = ArcRouter(lambda: self.world.cloud.calls.client("arc-zonal-shift"))

    def away_from(self, zone: str) -> None:
        self.hands.move(MovedByHand(NOW, self.balancer, zone, HOUR))

    def back(self) -> None:
        self.hands.move(MovedByHand(NOW, self.balancer))

    @property
    def kept_from(self) -> str:
        shift = self.world.cloud.shifts.applied(self.balancer)
        return shift.away_from if shift is not None else ""


@pytest.fixture
def traffic() -> Traffic:
    return Traffic()


def test_traffic_goes_where_people_send_it(traffic: Traffic) -> None:
    traffic.away_from(HERE)
    assert traffic.kept_from == ZONE_IDS[HERE]
    traffic.back()
    assert traffic.kept_from == ""


def test_what_is_shifted_already_people_leave_so(traffic: Traffic) -> None:
    traffic.defib.start(traffic.balancer, ZONE_IDS[THERE], HOUR, "it fails")
    traffic.away_from(HERE)
    assert traffic.kept_from == ZONE_IDS[THERE]


def test_people_end_what_defib_has_shifted_and_know_of_it(traffic: Traffic) -> None:
    traffic.defib.start(traffic.balancer, ZONE_IDS[HERE], HOUR, "it fails")
    assert not traffic.hands.has_ended(traffic.balancer, ZONE_IDS[HERE])
    traffic.back()
    assert traffic.kept_from == ""
    assert traffic.hands.has_ended(traffic.balancer, ZONE_IDS[HERE])
    assert not traffic.hands.has_ended(traffic.balancer, ZONE_IDS[THERE])


def test_where_nothing_is_shifted_there_is_nothing_to_end(traffic: Traffic) -> None:
    traffic.back()
    assert traffic.kept_from == ""


def test_a_shift_of_theirs_that_somebody_else_ends_is_found(traffic: Traffic) -> None:
    traffic.away_from(HERE)
    assert traffic.hands.taken_away() is None
    (shift,) = traffic.world.cloud.shifts.all
    traffic.world.cloud.calls.client("arc-zonal-shift").cancel_zonal_shift(zonalShiftId=shift.id)
    assert traffic.hands.taken_away() is shift


def test_stories_draw_people_who_shift_and_people_who_end_a_shift() -> None:
    moves = [move for seed in range(300) for move in draw(seed).moved]
    assert {bool(move.zone) for move in moves} == {True, False}
    assert all(move.lasts for move in moves if move.zone)
