"""What the store promises, kept alike by the table in DynamoDB and by the fake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from defib.aws.store import DynamoStore
from defib.core.audit import entry
from defib.core.case import Action, Case, Outcome
from defib.core.incident import Incident
from defib.core.model import Cause, Registration, Result, Verdict
from defib.core.policy import Retention
from defib.shell.ports import Rejected, Transient
from defib.shell.store import Conflict, Remembered, Store
from tests.aws.cases import NOON, WEB_1, WEB_2, a_case, a_notice, an_incident
from tests.aws.table import TABLE, lose_answers

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def test_nothing_is_remembered_at_first(store: Store) -> None:
    assert store.latest_case(WEB_1) is None
    assert store.latest_incident("web") is None
    assert store.notice("web-7", 1) is None
    assert store.published_at("web-7", 1) is None
    assert store.due_instances(NOON, 10) == []
    assert store.unpublished_notices(NOON, 10) == []


def test_what_was_remembered_is_read_back_with_the_next_versions(store: Store) -> None:
    result = Result(
        f"{WEB_1}-1", 1, Verdict.DONE, NOON + timedelta(seconds=1, microseconds=7), "", "EC2 answers stopping"
    )
    case = a_case(
        evidence=("instance check impaired since 11:58",),
        registrations=(
            Registration("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2d6", 8080),
        ),
        failing_since=NOON,
        confirmed_cause=Cause.SYSTEM_IMPAIRED,
        confirmed_at=NOON,
        reason="",
    ).with_intent(Action.STOP, "reboot did not help", NOON)
    case = case.with_claim(NOON).with_result(result)

    written = store.remember(Remembered(case, an_incident(), (a_notice(),)))

    assert written == Remembered(replace(case, version=1), an_incident(version=1), (a_notice(),))
    assert store.latest_case(WEB_1) == written.case
    assert store.latest_incident("web") == written.incident
    assert store.notice("web-7", 1) == a_notice()


def test_the_newest_case_and_incident_are_those_of_the_highest_number(store: Store) -> None:
    for number in (2, 10, 9):
        store.remember(Remembered(a_case(number=number), an_incident(number=number), ()))

    newest_case, newest_incident = store.latest_case(WEB_1), store.latest_incident("web")

    assert newest_case is not None
    assert newest_incident is not None
    assert (newest_case.number, newest_incident.number) == (10, 10)


def test_instances_and_services_are_kept_apart(store: Store) -> None:
    store.remember(Remembered(a_case(WEB_1), an_incident(service="web"), ()))

    assert store.latest_case(WEB_2) is None
    assert store.latest_incident("web-eu") is None


def test_a_write_from_the_version_last_read_succeeds(store: Store) -> None:
    first = store.remember(Remembered(a_case(), an_incident(), ())).case
    second = store.remember(Remembered(replace(first, reason="waiting"), None, ())).case

    assert second.version == 2
    assert store.latest_case(WEB_1) == second


@pytest.mark.parametrize(
    ("case", "incident"),
    [
        pytest.param(a_case(), None, id="the case exists already"),
        pytest.param(a_case(version=2), None, id="the case is not so far yet"),
        pytest.param(a_case(number=2, version=1), None, id="the case does not exist"),
        pytest.param(a_case(version=1), an_incident(), id="the incident exists already"),
        pytest.param(a_case(version=1), an_incident(version=3), id="the incident has another version"),
    ],
)
def test_a_write_from_a_stale_version_is_a_conflict_and_changes_nothing(
    store: Store, case: Case, incident: Incident | None
) -> None:
    before = store.remember(Remembered(a_case(), an_incident(), ()))

    with pytest.raises(Conflict):
        store.remember(Remembered(case, incident, (a_notice(2),)))

    assert store.latest_case(WEB_1) == before.case
    assert store.latest_incident("web") == before.incident
    assert store.notice("web-7", 2) is None


def test_a_notice_is_never_overwritten(store: Store) -> None:
    first = store.remember(Remembered(a_case(), an_incident(), (a_notice(),)))

    with pytest.raises(Conflict):
        store.remember(Remembered(first.case, None, (replace(a_notice(), body="other"),)))

    assert store.notice("web-7", 1) == a_notice()


def test_unpublished_notices_are_those_made_before_a_time_oldest_first(store: Store) -> None:
    notices = (a_notice(1), a_notice(2), a_notice(3, at=NOON + timedelta(seconds=30)))
    store.remember(Remembered(a_case(), an_incident(), notices))

    assert list(store.unpublished_notices(NOON, 10)) == []
    assert list(store.unpublished_notices(NOON + timedelta(seconds=1), 10)) == [notices[0], notices[1]]
    assert list(store.unpublished_notices(NOON + timedelta(minutes=1), 10)) == list(notices)


@pytest.mark.parametrize(("limit", "found"), [(7, range(1, 8)), (6, (1, 2, 3, 5, 6, 7)), (5, (1, 2, 5, 6, 7))])
def test_of_many_that_are_unpublished_the_oldest_and_the_newest_are_found(
    store: Store, limit: int, found: Sequence[int]
) -> None:
    notices = tuple(a_notice(number, at=NOON + timedelta(seconds=number)) for number in range(1, 8))
    store.remember(Remembered(a_case(), an_incident(), notices))

    later = NOON + timedelta(minutes=1)
    assert [notice.sequence for notice in store.unpublished_notices(later, limit)] == list(found)


def test_a_published_notice_is_not_unpublished_and_keeps_its_first_time(store: Store) -> None:
    store.remember(Remembered(a_case(), an_incident(), (a_notice(),)))
    store.mark_published("web-7", 1, NOON + timedelta(seconds=2))
    store.mark_published("web-7", 1, NOON + timedelta(seconds=9))

    assert store.published_at("web-7", 1) == NOON + timedelta(seconds=2)
    assert list(store.unpublished_notices(NOON + timedelta(days=1), 10)) == []
    assert store.notice("web-7", 1) == a_notice()


def test_what_does_not_exist_cannot_be_marked_as_published(store: Store) -> None:
    with pytest.raises(Conflict):
        store.mark_published("web-7", 1, NOON)

    assert store.notice("web-7", 1) is None


def test_services_with_hyphens_have_incidents_of_their_own(store: Store) -> None:
    notice = a_notice(1, incident_id="web-eu-7")
    store.remember(Remembered(a_case(service="web-eu"), an_incident(service="web-eu"), (notice,)))

    assert store.notice("web-eu-7", 1) == notice
    assert store.notice("web-7", 1) is None


class TestTable:
    """What only the table has: readable items, an audit trail, expiry, and AWS's refusals."""

    def test_items_are_native_maps_that_people_can_read(self, table: DynamoStore) -> None:
        table.remember(Remembered(a_case().with_intent(Action.REBOOT, "hung", NOON), None, ()))

        item = _item(f"INSTANCE#{WEB_1}", "CASE#000001")

        assert item["version"] == {"N": "1"}
        assert item["cause"] == {"S": "instance_impaired"}
        assert item["attempts"]["L"][0]["M"]["action"] == {"S": "reboot"}

    def test_a_place_keeps_its_quic_server_id_and_what_was_stored_without_one_is_read_all_the_same(
        self, table: DynamoStore, dynamodb: DynamoDBClient
    ) -> None:
        place = Registration("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2d6", 443, "0x01")

        def stored() -> str:
            case = table.latest_case(WEB_1)
            assert case is not None
            return case.registrations[0].quic_server_id

        table.remember(Remembered(a_case(registrations=(place,))))
        assert stored() == "0x01"

        key = {"pk": {"S": f"INSTANCE#{WEB_1}"}, "sk": {"S": "CASE#000001"}}
        dynamodb.update_item(TableName=TABLE, Key=key, UpdateExpression="REMOVE registrations[0].quic_server_id")
        assert stored() == ""

    def test_every_decision_leaves_a_line_in_the_audit_trail_and_a_mere_look_does_not(self, table: DynamoStore) -> None:
        first = table.remember(Remembered(a_case(reason="first"), audit=entry(None, a_case(reason="first"), NOON))).case
        later = replace(first, look_again_at=NOON + timedelta(minutes=2))
        second = table.remember(Remembered(later, audit=entry(first, later, NOON))).case
        third = replace(second, reason="third")
        table.remember(Remembered(third, audit=entry(second, third, NOON)))

        assert _item(f"INSTANCE#{WEB_1}", "AUDIT#000001#000001")["reason"] == {"S": "first"}
        assert _item(f"INSTANCE#{WEB_1}", "AUDIT#000001#000003")["reason"] == {"S": "third"}
        with pytest.raises(KeyError):
            _item(f"INSTANCE#{WEB_1}", "AUDIT#000001#000002")

    def test_a_look_whose_first_answer_is_lost_was_written_by_nobody_else(
        self, table: DynamoStore, dynamodb: DynamoDBClient
    ) -> None:
        remembered = table.remember(Remembered(a_case())).case
        lose_answers(dynamodb)

        looked = table.remember(Remembered(replace(remembered, look_again_at=NOON))).case

        assert table.latest_case(WEB_1) == looked
        with pytest.raises(Conflict):
            table.remember(Remembered(remembered))

    def test_a_line_of_the_trail_is_never_rewritten(self, table: DynamoStore, dynamodb: DynamoDBClient) -> None:
        opened = a_case(reason="what was decided")
        table.remember(Remembered(opened, audit=entry(None, opened, NOON)))
        dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": f"INSTANCE#{WEB_1}"}, "sk": {"S": "CASE#000001"}})
        other = a_case(reason="what somebody would rather have read")

        with pytest.raises(Conflict):
            table.remember(Remembered(other, audit=entry(None, other, NOON)))

        assert _item(f"INSTANCE#{WEB_1}", "AUDIT#000001#000001")["reason"] == {"S": "what was decided"}

    def test_what_is_over_expires_and_what_is_open_does_not(self, table: DynamoStore) -> None:
        kept_until = {"N": str(int((NOON + Retention().cases).timestamp()))}
        table.remember(Remembered(a_case(), an_incident(), (a_notice(),)))
        closed = a_case(WEB_2, closed_at=NOON, outcome=Outcome.HEALED)
        incident = an_incident(number=8, resolved_at=NOON)
        table.remember(Remembered(closed, incident, audit=entry(None, closed, NOON)))

        assert "expires" not in _item(f"INSTANCE#{WEB_1}", "CASE#000001")
        assert "expires" not in _item("SERVICE#web", "INCIDENT#000007")
        longer = {"N": str(int((NOON + Retention().cases + timedelta(days=30)).timestamp()))}
        assert _item(f"INSTANCE#{WEB_2}", "CASE#000001")["expires"] == longer, "it names all that is about it"
        assert _item(f"INSTANCE#{WEB_2}", "AUDIT#000001#000001")["expires"] == kept_until
        assert _item("SERVICE#web", "INCIDENT#000008")["expires"] == longer
        assert _item("SERVICE#web", "NOTICE#000007#000001")["expires"] == kept_until

    @pytest.mark.parametrize(
        ("reasons", "error"),
        [
            (["ConditionalCheckFailed", "None"], Conflict),
            (["None", "TransactionConflict"], Conflict),
            (["None", "ThrottlingError"], Transient),
            (["ProvisionedThroughputExceeded", "None"], Transient),
            (["ValidationError", "None"], Rejected),
        ],
    )
    def test_a_cancelled_transaction_is_sorted_by_its_reasons(
        self, table: DynamoStore, dynamodb: DynamoDBClient, reasons: list[str], error: type[Exception]
    ) -> None:
        answer = {
            "Error": {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"},
            "CancellationReasons": [{"Code": reason} for reason in reasons],
            "ResponseMetadata": {"HTTPStatusCode": 400},
        }
        events: Any = dynamodb.meta.events
        events.register("before-call.dynamodb.TransactWriteItems", lambda **_: (_Answered(400), answer))

        with pytest.raises(error):
            table.remember(Remembered(a_case(), an_incident()))

    @pytest.mark.parametrize("code", ["ConditionalCheckFailedException", "TransactionConflictException"])
    def test_a_write_on_its_own_loses_a_race_against_a_put_and_against_a_transaction(
        self, table: DynamoStore, dynamodb: DynamoDBClient, code: str
    ) -> None:
        table.remember(Remembered(a_case(), an_incident(), (a_notice(),)))
        answer = {"Error": {"Code": code, "Message": "too late"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
        events: Any = dynamodb.meta.events
        for operation in ("PutItem", "UpdateItem"):
            events.register(f"before-call.dynamodb.{operation}", lambda **_: (_Answered(400), answer))

        with pytest.raises(Conflict):
            table.remember(Remembered(a_case(version=1)))
        with pytest.raises(Conflict):
            table.mark_published("web-7", 1, NOON)


class _Answered:
    def __init__(self, status_code: int) -> None:
        self.status_code = status_code


def _item(pk: str, sk: str) -> dict[str, Any]:
    answer = boto3.client("dynamodb").get_item(TableName=TABLE, Key={"pk": {"S": pk}, "sk": {"S": sk}})
    return dict(answer["Item"])


def test_a_case_that_is_written_alone_loses_a_race_like_any_other(store: Store) -> None:
    known = store.remember(Remembered(a_case(WEB_1))).case
    store.remember(Remembered(known))

    with pytest.raises(Conflict):
        store.remember(Remembered(replace(known, reason="too late")))

    latest = store.latest_case(WEB_1)
    assert latest is not None
    assert latest.reason == known.reason


def test_no_decision_rests_on_a_read_that_may_be_stale(dynamodb: DynamoDBClient, table: DynamoStore) -> None:
    """By default DynamoDB may answer with what was true a second ago; moto never does, so the calls are looked at."""
    asked: list[dict[str, Any]] = []
    dynamodb.meta.events.register(
        "provide-client-params.dynamodb.*", lambda params, **_: asked.append(params) if "Item" not in params else None
    )

    table.latest_case(WEB_1)
    table.latest_incident("web")
    table.stack()
    table.notice("web-7", 1)
    table.published_at("web-7", 1)

    assert len(asked) == 5
    assert all(params["ConsistentRead"] is True for params in asked)
