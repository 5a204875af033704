"""Atlassian Statuspage over real HTTP: its rate limit, its refusals, its silences, and what it is told by each call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from defib.core.incident import Phase
from defib.core.page.elsewhere import Kind
from defib.core.page.model import ComponentStatus
from defib.shell.elsewhere import Came
from sim.elsewhere.statuspage import StatuspageServer
from sim.internet import HANGS, RESETS, Failure, Request, Response
from tests.core.page.shown import minutes, trouble
from tests.publish.channels.pair import KEY, PAGE_ID, THERE, Pair, bodies, over_http
from tests.publish.channels.test_contract import OUTAGE, same

SCHEMAS: dict[str, Any] = json.loads((Path(__file__).parent / "statuspage.schema.json").read_text(encoding="utf-8"))
WEB = THERE[Kind.STATUSPAGE]["web"]


@pytest.fixture
def pair() -> Iterator[Pair]:
    with over_http(Pair(Kind.STATUSPAGE)) as made:
        yield made


def body(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(request.body)
    return found


def writes(pair: Pair) -> list[Request]:
    return [request for request in pair.server.requests if request.method != "GET"]


def test_every_call_is_one_that_the_manage_api_describes(pair: Pair) -> None:
    pair.policy = Pair(Kind.STATUSPAGE, maintenance=(OUTAGE,)).policy
    pair.at(3, trouble())
    pair.settle()
    pair.at(5, trouble(instances=2), trouble("api", since=pair.clock.now() - minutes(5)))
    pair.settle()
    pair.at(61)
    pair.settle()
    pair.at(121)
    pair.settle()
    kinds = set()
    for request in writes(pair):
        path = request.target.removeprefix(f"/v1/pages/{PAGE_ID}/")
        kind = f"{request.method} {path.partition('/')[0]}"
        kinds.add(kind)
        jsonschema.validate(body(request), {**SCHEMAS["calls"][kind], "$defs": SCHEMAS["$defs"]})
        assert request.headers["authorization"] == f"OAuth {KEY}"
    assert kinds == {"POST incidents", "PATCH incidents", "PATCH components"}


def test_an_incident_and_its_components_are_one_call(pair: Pair) -> None:
    pair.at(1)
    pair.settle()
    before = len(writes(pair))
    pair.at(3, trouble(since=pair.clock.now() - minutes(5)))
    pair.settle()
    (call,) = writes(pair)[before:]
    told = body(call)["incident"]
    assert (told["status"], told["impact_override"]) == ("identified", "minor")
    assert told["components"] == {WEB: "degraded_performance"}
    assert told["component_ids"] == [WEB]
    assert told["deliver_notifications"] is True
    assert set(told["metadata"]) == {"defib"}


def test_resolving_puts_the_component_right_in_the_same_call(pair: Pair) -> None:
    pair.at(3, trouble())
    pair.settle()
    before = len(writes(pair))
    pair.at(9)
    pair.settle()
    (call,) = writes(pair)[before:]
    assert call.method == "PATCH"
    assert body(call)["incident"]["status"] == "resolved"
    assert body(call)["incident"]["components"] == {WEB: "operational"}


def test_no_more_than_one_call_is_made_in_a_second(pair: Pair) -> None:
    pair.at(3, trouble(), trouble("api"), trouble("worker"))
    pair.settle()
    for minute in range(4, 30):
        pair.at(minute, trouble(instances=1 + minute % 2))
        pair.settle()
    moments = [request.at for request in pair.server.requests]
    assert len(moments) > 20
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in pairwise(moments))


def test_turns_that_come_too_soon_call_nobody(pair: Pair) -> None:
    pair.at(3, trouble())
    assert pair.turn().came is Came.TOLD
    asked = len(pair.server.requests)
    assert {pair.turn().came for _ in range(5)} == {Came.NOT_DUE}
    assert len(pair.server.requests) == asked


@pytest.mark.parametrize("status", [420, 429])
def test_a_used_up_rate_limit_is_waited_out_and_nothing_is_lost(status: int) -> None:
    with over_http(Pair(Kind.STATUSPAGE, slow_status=status)) as pair:
        # Somebody else uses the same key: a minute's calls at once.
        request = Request(pair.clock.now(), "http", "GET", "x", f"/v1/pages/{PAGE_ID}/incidents", _authorized())
        assert [pair.server.answer(request) for _ in range(60)][-1].status == 200  # type: ignore[union-attr]  # it never fails
        pair.at(0, trouble(since=pair.clock.now() - minutes(5)))
        turned = pair.turn()
        assert (turned.came, str(status) in turned.problem) == (Came.FAILED, True)
        assert timedelta(seconds=55) <= pair.wait() <= timedelta(seconds=61)
        pair.settle()
        same(pair)
        assert pair.queues.notices == []


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "Thu, 30 Apr 2026 12:04:00 GMT"}, 60),
        ({"Retry-After": "Wed, 29 Apr 2026 12:00:00 GMT"}, 1),
        ({"Retry-After": "86400"}, 900),
        ({"Retry-After": "soon"}, 60),
        ({}, 60),
    ],
)
def test_retry_after_is_kept_whatever_its_form(pair: Pair, headers: dict[str, str], waits: int) -> None:
    pair.at(3, trouble())
    pair.faults.next = [Response(429, b"", headers)]
    assert pair.turn().came is Came.FAILED
    assert pair.wait() == timedelta(seconds=waits)
    assert pair.turn().came is Came.TOLD


@pytest.mark.parametrize("fault", [Response(500), Response(503), RESETS, HANGS, Response(200, b"<html>")])
def test_what_may_pass_is_tried_again_with_growing_pauses_after_a_look(pair: Pair, fault: Response | Failure) -> None:
    pair.at(3, trouble())
    pauses = []
    for _ in range(7):
        pair.faults.next = [fault]
        assert pair.turn().came is Came.FAILED
        pauses.append(pair.wait().total_seconds())
    assert pauses == [15, 30, 60, 120, 240, 300, 300]
    assert [request.method for request in pair.server.requests] == []
    assert pair.turn().came is Came.NOT_FOUND
    pair.settle()
    same(pair)


@pytest.mark.parametrize("fault", [Response(500), RESETS, HANGS])
def test_what_was_carried_out_though_nobody_heard_of_it_is_found(pair: Pair, fault: Response | Failure) -> None:
    pair.at(0)
    pair.settle()
    pair.faults.lost = True
    for minute, troubled in ((3, [trouble()]), (5, [trouble(instances=2)]), (9, [])):
        pair.at(minute, *troubled)
        pair.faults.next = [fault]
        assert pair.turn().came is Came.FAILED
        pair.wait()
        assert pair.turn().came is Came.FOUND
    pair.settle()
    same(pair)


def test_an_incident_that_somebody_resolved_there_meanwhile_is_found(pair: Pair) -> None:
    assert isinstance(pair.server, StatuspageServer)
    pair.faults.lost, pair.faults.next = True, [RESETS]
    pair.at(3, trouble())
    pair.turn()
    (there,) = pair.server.incidents.values()
    there["status"] = "resolved"
    pair.wait()
    assert pair.turn().came is Came.FOUND
    assert len(pair.server.incidents) == 1


def test_a_bad_key_is_told_of_once_and_nothing_is_lost_until_it_is_mended(pair: Pair) -> None:
    pair.key = "wr0ng-key-000000"
    pair.at(3, trouble())
    for _ in range(4):
        assert pair.turn().came is Came.FAILED
        assert pair.wait() == timedelta(minutes=5)
    pair.at(30, trouble(phase=Phase.VERIFYING))
    pair.key = KEY
    pair.settle()
    same(pair)
    first, second = pair.queues.notices
    assert "does not follow" in first.subject
    assert "401" in first.body
    assert "defib/elsewhere" in first.body
    assert "follows again" in second.subject
    assert {n.service for n in pair.queues.notices} == {"page:elsewhere"}


@pytest.mark.parametrize("status", [400, 404, 422])
def test_what_is_refused_for_what_it_says_holds_up_nothing_else(pair: Pair, status: int) -> None:
    pair.at(3, trouble("web"))
    pair.faults.next = [Response(status, b'{"error": "Component is invalid"}')]
    assert pair.turn().came is Came.FAILED
    pair.post("api", ComponentStatus.DEGRADED, "Builds are slow.")
    pair.wait()
    pair.faults.next = []
    pair.turn()
    assert bodies(pair.server.said) == ["Builds are slow."]
    assert [n.subject.count("does not follow") for n in pair.queues.notices] == [1]
    pair.clock.advance(minutes(6))
    pair.settle()
    assert sorted(bodies(pair.server.said)) == sorted(body for _, body in pair.expected())
    assert [n.subject.count("follows again") for n in pair.queues.notices] == [0, 1]


def test_a_failure_that_lasts_is_told_of_when_it_has_lasted(pair: Pair) -> None:
    pair.at(3, trouble())
    while pair.clock.now() < pair.store.shown().open[0].created_at + pair.other.tell_after:
        assert pair.queues.notices == []
        pair.faults.next = [Response(503)]
        pair.turn()
        pair.wait()
    for _ in range(3):
        pair.faults.next = [Response(503)]
        pair.turn()
        pair.wait()
    assert [n.sequence for n in pair.queues.notices] == [1]
    pair.settle()
    assert [n.sequence for n in pair.queues.notices] == [1, 2]
    same(pair)


def test_a_component_that_changes_without_an_incident_is_put_right_by_itself(pair: Pair) -> None:
    pair.at(0)
    pair.settle()
    assert {body(request)["component"]["status"] for request in writes(pair)} == {"operational"}
    assert len(writes(pair)) == 3


class Killed(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("point", range(12))
def test_a_process_that_dies_between_any_two_calls_doubles_and_loses_nothing(pair: Pair, point: int) -> None:
    """Each remembering, and each call before and after it is carried out, is a place to die at."""
    pair.settle()
    pair.edges = pair.directly()
    server, left = pair.server, point

    def live() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            left = 1_000
            raise Killed

    def answered(request: Request) -> Response | Failure:
        live()
        answer = server.answer(request)
        live()
        return answer

    pair.faults.answered = answered
    for minute, troubled in ((3, [trouble()]), (5, [trouble(instances=2)]), (9, [])):
        pair.at(minute, *troubled)
        pair.store.interruptions = [live] * 20
        with suppress(Killed):
            pair.settle()
        pair.store.interruptions = []
    assert left > 500, "it has died somewhere"
    pair.settle()
    same(pair)


def _authorized() -> dict[str, str]:
    return {"authorization": f"OAuth {KEY}"}
