"""What the store of Stashboard's things promises, kept alike by the table in DynamoDB and by the fake."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from defib.aws.board_store import DynamoBoardStore
from defib.aws.codec import Codec
from defib.core.page.derive import derive
from defib.core.page.model import ComponentStatus
from defib.core.page.posted import Posted, posted
from defib.core.policy import Retention
from defib.shell.page import Repaged
from defib.shell.store import Conflict
from defib.stashboard.asked import FEW
from defib.stashboard.model import Board, BoardService, Event
from defib.stashboard.oauth import Nonce, Signed
from defib.stashboard.router import Answering, answer
from defib.stashboard.store import EVENTS_MOST, BoardStore, Change
from sim.memory.board import FakeBoardStore
from tests.aws.table import TABLE, lose_answers
from tests.core.page.shown import NOON, POLICY, minutes, trouble
from tests.fakes import FakeClock
from tests.stashboard.signing import HOST, KEYS, PAGE

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
    assert list(store.events(WEB, 5)) == []


def test_a_board_is_read_back_as_it_was_written(store: BoardStore) -> None:
    board = replace(Board(linked={"web": "core"}), services=(BoardService("42", "Forty-two", "All.", born=1),))
    store.remember_board(Change(board))

    assert store.board() == replace(board, version=1)


def test_a_second_write_of_what_was_read_before_the_first_is_refused_whole(store: BoardStore) -> None:
    read = store.board().numbered()
    post(store, "first")

    with pytest.raises(Conflict):
        store.remember_board(Change(read, Event(1, "web", 0, "up", 0, "second", NOON)))
    assert [event.message for event in store.events(WEB, 5)] == ["first"]


def test_the_newest_event_comes_first_and_one_that_was_deleted_is_gone(store: BoardStore) -> None:
    events = [post(store, message) for message in ("one", "two", "three")]
    store.remember_board(Change(store.board(), replace(events[1], deleted=True)))

    assert list(store.events(WEB, 5)) == [events[2], events[0]]


def test_an_event_is_read_by_its_sid_unless_it_was_deleted_or_is_anothers(store: BoardStore) -> None:
    first, second = (post(store, message) for message in ("one", "two"))
    store.remember_board(Change(store.board(), replace(second, deleted=True)))

    assert store.event(WEB, first.sid) == first
    assert store.event(WEB, second.sid) is None
    assert store.event(replace(WEB, born=7), first.sid) is None
    assert store.event(WEB, "00000099") is None


def test_only_the_newest_events_are_read_and_no_others_to_find_one_that_was_not_deleted(store: BoardStore) -> None:
    events = [post(store, str(n)) for n in range(EVENTS_MOST + 2)]
    for event in events[-4:]:
        store.remember_board(Change(store.board(), replace(event, deleted=True)))

    found = list(store.events(WEB, 3))
    assert [event.number for event in found] == [event.number for event in reversed(events[2:-4])]


def test_a_service_has_not_the_events_of_one_of_its_name_that_was_deleted(store: BoardStore) -> None:
    post(store, "old", BoardService("42", "Forty-two", "All.", born=1))

    assert list(store.events(BoardService("42", "Forty-two", "All.", born=2), 5)) == []


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
    assert list(store.events(WEB, 5)) == [event]


def test_a_nonce_is_used_for_the_first_time_once(store: BoardStore) -> None:
    nonce = Nonce("a" * 64, NOON + timedelta(minutes=10))

    assert [store.first_use(nonce), store.first_use(nonce), store.first_use(replace(nonce, key="b"))] == [
        True,
        False,
        True,
    ]


def test_a_nonce_whose_first_answer_is_lost_was_used_by_nobody_else(dynamodb: DynamoDBClient) -> None:
    store = DynamoBoardStore(dynamodb, TABLE, Retention())
    lose_answers(dynamodb)
    nonce = Nonce("a" * 64, NOON + timedelta(minutes=10))

    assert [store.first_use(nonce), store.first_use(nonce)] == [True, False]


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


class TestCost:
    """What anybody may ask, whoever it is, costs the same however many events are kept."""

    @pytest.fixture
    def get(self, dynamodb: DynamoDBClient) -> Callable[[str], Any]:
        put: list[Any] = [{"PutRequest": {"Item": self.item(n)}} for n in range(1, 5_001)]
        for batch in (put[n : n + 25] for n in range(0, len(put), 25)):
            dynamodb.batch_write_item(RequestItems={TABLE: batch})
        edges = Answering(FakeClock(NOON), DynamoBoardStore(dynamodb, TABLE, Retention()), lambda: KEYS, PAGE)
        return lambda path: json.loads(answer(Signed("GET", f"{HOST}/api/v1/{path}", {}), edges, POLICY).body)

    def item(self, number: int) -> Any:
        event = Event(number, "web", 0, "up", 0, "Fine.", NOON + timedelta(seconds=number))
        return Codec().item(event, {"pk": "STASHBOARD#web#0", "sk": f"EVENT#{event.sid}"})

    @pytest.mark.parametrize(
        ("path", "queries", "items"),
        [
            ("services", 3 + 1, FEW),
            ("services/web", 1 + 1, FEW),
            ("services/web/events/current", 1 + 1, FEW),
            ("services/web/events", 1 + 1, EVENTS_MOST),
            ("services/web/events?end=2020-01-01", 1 + 1, EVENTS_MOST),
            ("services/web/events/00000001", 0, 0),
            ("services/web/events/00009999", 0, 0),
        ],
    )
    def test_of_five_thousand_events_few_are_read(
        self, get: Callable[[str], Any], dynamodb: DynamoDBClient, path: str, queries: int, items: int
    ) -> None:
        read: list[int] = []
        counted = lambda parsed, **_: read.append(len(parsed["Items"]))  # noqa: E731 - a hook
        dynamodb.meta.events.register("after-call.dynamodb.Query", counted)
        get(path)

        assert (len(read), sum(read)) == (queries, items)

    def test_the_newest_are_told_of_and_any_by_its_sid(self, get: Callable[[str], Any]) -> None:
        events = get("services/web/events")["events"]

        assert [event["sid"] for event in events] == [f"{n:08d}" for n in range(5_000, 5_000 - EVENTS_MOST, -1)]
        assert get("services/web/events/00000001")["message"] == "Fine."
