"""What the store of Stashboard's things promises, kept alike by the table in DynamoDB and by the fake."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from defib.aws.board_store import DynamoBoardStore
from defib.core.page.derive import derive
from defib.core.page.model import ComponentStatus
from defib.core.page.posted import Posted, posted
from defib.core.policy import Retention
from defib.shell.page import Repaged
from defib.shell.store import Conflict
from defib.stashboard.model import Board, BoardService, Event
from defib.stashboard.oauth import Nonce
from defib.stashboard.store import BoardStore, Change
from sim.memory.board import FakeBoardStore
from tests.aws.table import TABLE
from tests.core.page.shown import NOON, POLICY, minutes, trouble

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

WEB = BoardService("web", "Website", "", added=False)


@pytest.fixture(params=["dynamodb", "fake"])
def store(request: pytest.FixtureRequest) -> BoardStore:
    if request.param == "fake":
        return FakeBoardStore()
    return DynamoBoardStore(request.getfixturevalue("dynamodb"), TABLE, Retention())


def post(store: BoardStore, message: str, service: BoardService = WEB) -> Event:
    board = store.board().numbered()
    event = Event(board.last_number, service.slug, service.born, "up", 0, message, NOON)
    store.remember_board(Change(board, event))
    return event


def test_at_first_there_are_the_default_statuses_and_nothing_else(store: BoardStore) -> None:
    assert store.board() == Board()
    assert list(store.events(WEB)) == []


def test_a_board_is_read_back_as_it_was_written(store: BoardStore) -> None:
    board = replace(Board(linked={"web": "core"}), services=(BoardService("42", "Forty-two", "All.", born=1),))
    store.remember_board(Change(board))

    assert store.board() == replace(board, version=1)


def test_a_second_write_of_what_was_read_before_the_first_is_refused_whole(store: BoardStore) -> None:
    read = store.board().numbered()
    post(store, "first")

    with pytest.raises(Conflict):
        store.remember_board(Change(read, Event(1, "web", 0, "up", 0, "second", NOON)))
    assert [event.message for event in store.events(WEB)] == ["first"]


def test_the_newest_event_comes_first_and_one_that_was_deleted_is_gone(store: BoardStore) -> None:
    events = [post(store, message) for message in ("one", "two", "three")]
    store.remember_board(Change(store.board(), replace(events[1], deleted=True)))

    assert list(store.events(WEB)) == [events[2], events[0]]


def test_a_service_has_not_the_events_of_one_of_its_name_that_was_deleted(store: BoardStore) -> None:
    post(store, "old", BoardService("42", "Forty-two", "All.", born=1))

    assert list(store.events(BoardService("42", "Forty-two", "All.", born=2))) == []


def test_a_posted_event_and_the_page_are_one_write(store: BoardStore) -> None:
    read = store.shown()
    derived = posted(read, Posted("web", ComponentStatus.MAJOR_OUTAGE, "Dark."), POLICY, NOON)
    page = Repaged(derived.shown, derived.changed)
    event = Event(1, "web", 0, "down", 0, "Dark.", NOON)
    store.remember_board(Change(store.board().numbered(), event, page))

    assert [incident.updates[0].body for incident in store.incidents(5)] == ["Dark."]
    assert [incident.number for incident in store.shown().open] == [1]
    assert store.public_incident(1) == store.incidents(5)[0]
    with pytest.raises(Conflict):
        store.remember_board(Change(store.board().numbered(), replace(event, number=2), page))
    assert list(store.events(WEB)) == [event]


def test_a_nonce_is_used_for_the_first_time_once(store: BoardStore) -> None:
    nonce = Nonce("a" * 64, NOON + timedelta(minutes=10))

    assert [store.first_use(nonce), store.first_use(nonce), store.first_use(replace(nonce, key="b"))] == [
        True,
        False,
        True,
    ]


def test_nonces_and_events_do_not_stay_for_ever(dynamodb: DynamoDBClient) -> None:
    store = DynamoBoardStore(dynamodb, TABLE, Retention())
    post(store, "one")
    store.first_use(Nonce("a", NOON))

    items = dynamodb.scan(TableName=TABLE)["Items"]
    expiring = {item["sk"]["S"]: "expires" in item for item in items}
    assert expiring == {"BOARD": False, "EVENT#00000001": True, "NONCE": True}


def test_the_pages_public_incidents_can_be_read_beside_it(store: BoardStore) -> None:
    assert list(store.incidents(5)) == []
    derived = derive(store.shown(), [trouble()], POLICY, NOON + minutes(5))
    store.remember_board(Change(store.board(), page=Repaged(derived.shown, derived.changed)))

    assert [incident.number for incident in store.incidents(5)] == [1]
