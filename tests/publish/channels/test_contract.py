"""What every channel keeps, whatever speaks there: over real HTTP, each against its simulated other side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.incident import Phase
from defib.core.maintenance import Maintenance
from defib.core.page.elsewhere import Kind
from defib.core.page.model import ComponentStatus
from defib.shell.elsewhere import Came
from sim.elsewhere.cachet import CachetServer
from sim.elsewhere.instatus import InstatusServer
from sim.elsewhere.server import Refusal
from sim.internet import HANGS, RESETS, Failure, Request, Response
from tests.core.page.shown import minutes, trouble
from tests.publish.channels.pair import Pair, bodies, over_http

OUTAGE = Maintenance("13:00", timedelta(hours=1), date="2026-04-30")
EXACT = {Kind.STATUSPAGE, Kind.INSTATUS, Kind.WEBHOOK, Kind.CACHET}
"""Those that know every status of a component."""


@pytest.fixture(params=list(Kind))
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    with over_http(Pair(request.param)) as made:
        yield made


@pytest.fixture(params=list(Kind))
def planned(request: pytest.FixtureRequest) -> Iterator[Pair]:
    with over_http(Pair(request.param, maintenance=(OUTAGE,))) as made:
        yield made


def same(pair: Pair) -> None:
    """The other page says what this one says, once and in order, and its components stand as they do here."""
    expected = [(status if pair.kind is not Kind.STASHBOARD else "", body) for status, body in pair.expected()]
    assert [(said.status, said.body) for said in pair.server.said] == expected
    assert_stands(pair)


def assert_stands(pair: Pair) -> None:
    should = pair.should_stand()
    if pair.kind in EXACT:
        assert pair.stands() == should
    else:
        well = {key: status == "operational" for key, status in should.items()}
        assert {key: status == "operational" for key, status in pair.stands().items()} == well


def test_an_incident_is_opened_updated_and_resolved_and_its_component_works_again(pair: Pair) -> None:
    pair.at(3, trouble())
    pair.settle()
    same(pair)
    assert pair.stands()["web"] != "operational"
    pair.at(5, trouble(instances=2))
    pair.settle()
    same(pair)
    pair.at(8, trouble(phase=Phase.VERIFYING))
    pair.settle()
    same(pair)
    pair.at(12)
    pair.settle()
    same(pair)
    assert pair.stands()["web"] == "operational"
    assert pair.expected()[-1][0] == "resolved"
    assert pair.store.followed(pair.other.name).items == ()


def test_two_components_are_told_of_together_or_each_by_itself(pair: Pair) -> None:
    pair.at(3, trouble("api"), trouble("worker"))
    pair.settle()
    assert_stands(pair)
    times = 2 if pair.kind is Kind.STASHBOARD else 1
    assert bodies(pair.server.said) == [body for _, body in pair.expected() for _ in range(times)]


def test_nothing_is_told_twice_however_often_a_turn_comes(pair: Pair) -> None:
    pair.at(3, trouble())
    pair.settle()
    asked = len(pair.server.requests)
    for _ in range(5):
        pair.clock.advance(timedelta(seconds=30))
        assert pair.turn().came is Came.NOTHING
    assert len(pair.server.requests) == asked
    same(pair)


@pytest.mark.parametrize("fault", [RESETS, HANGS, Response(502)])
def test_an_answer_that_is_lost_loses_and_doubles_nothing(pair: Pair, fault: Failure | Response) -> None:
    pair.settle()
    for minute, instances, lost in ((3, 1, True), (5, 2, False), (8, 1, True)):
        pair.faults.lost = lost
        pair.faults.next = [fault]
        pair.at(minute, trouble(instances=instances))
        pair.settle()
    pair.faults.next = [fault]
    pair.at(20)
    pair.settle()
    same(pair)


def test_what_a_person_posts_here_goes_along(pair: Pair) -> None:
    pair.at(1)
    pair.settle()
    pair.post("web", ComponentStatus.MAJOR_OUTAGE, "Search is down <b>entirely</b> & we know — sorry.")
    pair.settle()
    pair.clock.advance(minutes(1))
    pair.post("web", ComponentStatus.MAJOR_OUTAGE, "Search is down <b>entirely</b> & we know — sorry.")
    pair.settle()
    pair.clock.advance(minutes(1))
    pair.post("web", ComponentStatus.OPERATIONAL, "Search works again.")
    pair.settle()
    same(pair)


def test_a_planned_outage_is_announced_begins_and_ends(planned: Pair) -> None:
    planned.at(0)
    planned.settle()
    assert len(planned.server.planned or planned.server.said) == (3 if planned.kind is Kind.STASHBOARD else 1)
    assert set(planned.stands().values()) == {"operational"}
    planned.at(61)
    planned.settle()
    assert "operational" not in planned.stands().values()
    assert_stands(planned)
    planned.at(121)
    planned.settle()
    assert set(planned.stands().values()) == {"operational"}
    if planned.kind is Kind.CACHET:
        # It begins and ends there by its times.
        assert [said.status for said in planned.server.planned] == ["scheduled"]
    elif planned.kind is not Kind.STASHBOARD:
        assert [said.status for said in planned.server.planned] == ["scheduled", "in_progress", "completed"]
    assert planned.store.followed(planned.other.name).items == ()


def test_a_planned_outage_that_the_policy_forgets_is_called_off(planned: Pair) -> None:
    planned.at(0)
    planned.settle()
    forgotten = Pair(planned.kind)
    planned.policy = forgotten.policy
    planned.at(10)
    planned.settle()
    said = planned.server.planned or planned.server.said
    if planned.kind is Kind.CACHET:
        assert [(r.method, r.target.rpartition("/")[0]) for r in planned.server.requests][-1] == (
            "DELETE",
            "/api/schedules",
        )
    else:
        assert said[-1].body == "This maintenance will not take place."
    assert planned.store.followed(planned.other.name).items == ()


def test_a_planned_outage_whose_announcement_is_in_doubt_is_not_announced_twice(planned: Pair) -> None:
    planned.faults.lost = True
    planned.faults.next = [RESETS]
    planned.at(0)
    planned.turn()
    # It has begun by the time that anybody can look.
    planned.at(61)
    planned.settle()
    planned.at(121)
    planned.settle()
    announced = {said.about for said in planned.server.planned or planned.server.said}
    assert len(announced) == (3 if planned.kind is Kind.STASHBOARD else 1)
    assert set(planned.stands().values()) == {"operational"}


def test_one_whose_end_is_moved_ends_there_when_it_ends_here() -> None:
    planned = Pair(Kind.CACHET, maintenance=(OUTAGE,))
    planned.at(0)
    planned.settle()
    planned.policy = Pair(Kind.CACHET, maintenance=(replace(OUTAGE, lasts=timedelta(hours=2)),)).policy
    planned.at(10)
    planned.settle()
    server = planned.server
    assert isinstance(server, CachetServer)
    assert server.ends_of_schedules() == ["2026-04-30 15:00:00"]


@pytest.fixture
def at_instatus() -> Iterator[Pair]:
    """A planned outage that has been announced there, and whose end was moved since."""
    with over_http(Pair(Kind.INSTATUS, maintenance=(OUTAGE,))) as planned:
        planned.at(0)
        planned.settle()
        planned.policy = Pair(Kind.INSTATUS, maintenance=(replace(OUTAGE, lasts=timedelta(hours=2)),)).policy
        planned.at(10)
        yield planned


def test_the_moved_end_is_the_end_at_instatus_and_is_said_once(at_instatus: Pair) -> None:
    at_instatus.settle()
    server = at_instatus.server
    assert isinstance(server, InstatusServer)
    assert server.ends_of_maintenances() == ["2026-04-30T15:00:00.000Z"]
    assert [said.status for said in server.planned] == ["scheduled", "scheduled"]
    assert "to 15:00 UTC" in server.planned[-1].body


def test_where_instatus_takes_no_other_times_the_words_say_them_all_the_same(at_instatus: Pair) -> None:
    at_instatus.faults.next = [Response(422)]
    at_instatus.settle()
    at_instatus.at(61)
    at_instatus.settle()
    assert [said.status for said in at_instatus.server.planned] == ["scheduled", "scheduled", "in_progress"]
    assert at_instatus.queues.notices == []


def test_at_instatus_nobody_but_defib_says_that_it_is_near_begins_or_ends() -> None:
    planned = Pair(Kind.INSTATUS, maintenance=(OUTAGE,))
    planned.at(0)
    planned.settle()
    (made,) = [r.body for r in planned.server.requests if r.method == "POST" and r.target.endswith("/maintenances")]
    body = json.loads(made)
    assert not any(body[name] for name in ("autoStart", "autoEnd", "notifyStart", "notifyEnd", "notifyEarly"))


def test_a_token_that_may_not_delete_there_keeps_no_component_from_standing_as_it_does_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planned = Pair(Kind.CACHET, maintenance=(OUTAGE,))
    planned.at(0)
    planned.settle()
    server = planned.server
    assert isinstance(server, CachetServer)
    respond = server.respond

    def refusing(request: Request) -> tuple[int, object]:
        if request.method == "DELETE":
            raise Refusal(403, "Invalid ability provided.")
        return respond(request)

    monkeypatch.setattr(server, "respond", refusing)
    planned.policy = Pair(Kind.CACHET).policy
    planned.at(10)
    for _ in range(3):
        planned.clock.advance(timedelta(minutes=1))
        planned.turn()
    planned.at(20, trouble())
    for _ in range(35):
        planned.clock.advance(timedelta(minutes=1))
        planned.turn()
    assert planned.stands()["web"] == planned.should_stand()["web"] != "operational"


def test_it_is_found_behind_a_hundred_older_ones_too() -> None:
    """Cachet lists the oldest first, unless it is asked otherwise."""
    planned = Pair(Kind.CACHET, maintenance=(OUTAGE,))
    server = planned.server
    assert isinstance(server, CachetServer)
    for _ in range(100):
        server.schedule({"name": "Old", "message": "Old.", "scheduled_at": "2025-01-01 00:00:00"})
    server.planned.clear()
    planned.faults.lost, planned.faults.next = True, [RESETS]
    planned.at(0)
    planned.settle()
    assert len({said.about for said in planned.server.planned}) == 1


@pytest.mark.parametrize("pair", [Kind.STATUSPAGE, Kind.CACHET, Kind.INSTATUS], indirect=True)
def test_what_is_deleted_there_is_left_deleted(pair: Pair) -> None:
    pair.at(3, trouble())
    pair.settle()
    pair.faults.next = [Response(404)]
    pair.at(5, trouble(instances=2))
    pair.settle()
    pair.at(9)
    pair.settle()
    assert len(pair.server.said) == 1
    assert pair.stands()["web"] == "operational"
    assert pair.queues.notices == []


@pytest.mark.parametrize("planned", [Kind.STATUSPAGE, Kind.CACHET, Kind.INSTATUS], indirect=True)
def test_a_planned_outage_that_is_deleted_there_is_not_made_again(planned: Pair) -> None:
    planned.at(0)
    planned.settle()
    planned.policy = Pair(planned.kind, maintenance=(replace(OUTAGE, lasts=timedelta(hours=2)),)).policy
    planned.faults.next = [Response(404)]
    for minute in (10, 61, 181):
        planned.at(minute)
        planned.settle()
    assert [said.status for said in planned.server.planned] == ["scheduled"]
    assert planned.stands()["web"] == "operational"
    assert planned.store.followed(planned.other.name).items == ()
    assert planned.queues.notices == []
