"""What the outboxes promise, kept alike by the table in DynamoDB and by the fake."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from defib.aws.outbox_store import DynamoMail
from defib.aws.store import DynamoStore
from defib.core.incident import NoticeKind
from defib.core.medium import Medium
from defib.core.outbox import Lane, Outbox, Sent, Waiting
from defib.core.policy import Retention
from defib.core.severity import Severity
from defib.shell.outboxes import Mail
from defib.shell.store import Conflict, Remembered
from tests.aws.cases import NOON, a_case, a_notice, an_incident
from tests.aws.table import TABLE, lose_answers
from tests.fakes import FakeMail

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SENT = (Sent(NOON, "web-7#1"), Sent(NOON, "storm:web-7#2", urgent=True))
BOX = Outbox("oncall", sent=SENT, limit_at=NOON + timedelta(minutes=3))
PEOPLE = (Medium.EMAIL, Medium.SMS, Medium.CHAT)


@pytest.fixture(params=["dynamodb", "fake"])
def mail(request: pytest.FixtureRequest, dynamodb: DynamoDBClient, table: DynamoStore) -> Mail:
    table.remember(Remembered(a_case(), an_incident(), (a_notice(),)))
    return FakeMail() if request.param == "fake" else DynamoMail(dynamodb, TABLE, Retention())


def waiting(sequence: int, lane: Lane = Lane.LIMIT, contact: str = "oncall", minutes: int = 0) -> Waiting:
    at = NOON + timedelta(minutes=minutes)
    kind, severity = NoticeKind.OPENED, Severity.HIGH
    return Waiting(contact, lane, at, "web-7", sequence, kind, severity, "web-1 is down", "web", PEOPLE)


def test_an_outbox_is_empty_at_first(mail: Mail) -> None:
    assert mail.outbox("oncall") == Outbox("oncall")
    assert mail.waiting("oncall", Lane.LIMIT, 10) == []
    assert mail.told("web-7", 1) == frozenset()


def test_what_was_remembered_is_read_back_with_the_next_version(mail: Mail) -> None:
    written = mail.remember_outbox(BOX, waiting(1))

    assert written == replace(BOX, version=1)
    assert mail.outbox("oncall") == written
    assert mail.waiting("oncall", Lane.LIMIT, 10) == [waiting(1)]


def test_an_outbox_written_from_an_old_version_is_a_conflict_and_nothing_waits(mail: Mail) -> None:
    mail.remember_outbox(BOX)

    with pytest.raises(Conflict):
        mail.remember_outbox(BOX, waiting(1))
    with pytest.raises(Conflict):
        mail.remember_outbox(BOX)
    assert mail.waiting("oncall", Lane.LIMIT, 10) == []


def test_an_outbox_whose_first_answer_is_lost_was_written_by_nobody_else(
    dynamodb: DynamoDBClient, table: DynamoStore
) -> None:
    lose_answers(dynamodb)
    outboxes = DynamoMail(dynamodb, TABLE, Retention())

    written = outboxes.remember_outbox(BOX)

    assert outboxes.outbox("oncall") == written
    with pytest.raises(Conflict):
        outboxes.remember_outbox(BOX)


def test_what_waits_comes_oldest_first_by_contact_and_lane_and_no_more_than_asked_for(mail: Mail) -> None:
    box = BOX
    for one in (waiting(1, minutes=2), waiting(2, minutes=1), waiting(3), waiting(4, Lane.STORM)):
        box = mail.remember_outbox(box, one)
    mail.remember_outbox(Outbox("oncall-2"), waiting(5, contact="oncall-2"))

    assert [w.sequence for w in mail.waiting("oncall", Lane.LIMIT, 2)] == [3, 2]
    assert [w.sequence for w in mail.waiting("oncall", Lane.STORM, 9)] == [4]


def test_what_is_put_to_wait_twice_waits_once(mail: Mail) -> None:
    mail.remember_outbox(mail.remember_outbox(BOX, waiting(1)), waiting(1))

    assert mail.waiting("oncall", Lane.LIMIT, 10) == [waiting(1)]


def test_what_went_out_by_some_media_waits_on_for_the_others(mail: Mail) -> None:
    box = BOX
    for number in range(1, 31):
        box = mail.remember_outbox(box, waiting(number))
    all_of_them = mail.waiting("oncall", Lane.LIMIT, 99)

    left = mail.went_out(all_of_them, (Medium.EMAIL, Medium.SMS))
    assert [(w.sequence, w.media) for w in left] == [(n, (Medium.CHAT,)) for n in range(1, 31)]
    assert list(mail.waiting("oncall", Lane.LIMIT, 99)) == list(left)

    assert mail.went_out(left, (Medium.CHAT,)) == ()
    assert mail.waiting("oncall", Lane.LIMIT, 99) == []


@pytest.mark.parametrize(
    ("media", "lane"), [((Medium.CHAT,), Lane.CHAT), ((Medium.EMAIL, Medium.SMS, Medium.HTTPS), Lane.MAIL)]
)
def test_what_is_set_apart_waits_there_for_those_media_and_where_it_was_for_the_others(
    mail: Mail, media: tuple[Medium, ...], lane: Lane
) -> None:
    box = BOX
    for number in range(1, 31):
        box = mail.remember_outbox(box, waiting(number))
    all_of_them = mail.waiting("oncall", Lane.LIMIT, 99)

    left = mail.set_apart(all_of_them, media)
    theirs = tuple(medium for medium in PEOPLE if medium in media)
    others = tuple(medium for medium in PEOPLE if medium not in media)
    assert list(left) == [replace(w, media=others) for w in all_of_them]
    assert list(mail.waiting("oncall", Lane.LIMIT, 99)) == list(left)
    assert list(mail.waiting("oncall", lane, 99)) == [replace(w, lane=lane, media=theirs) for w in all_of_them]

    mail.set_apart(all_of_them, media)
    assert len(mail.waiting("oncall", lane, 99)) == 30, "who does so once more has it wait once"
    assert mail.set_apart(left, others) == ()
    assert mail.waiting("oncall", Lane.LIMIT, 99) == []


def test_an_outbox_that_an_older_version_wrote_is_read(dynamodb: DynamoDBClient, table: DynamoStore) -> None:
    outboxes = DynamoMail(dynamodb, TABLE, Retention())
    written = outboxes.remember_outbox(BOX)
    key = {"pk": {"S": "CONTACT#oncall"}, "sk": {"S": "OUTBOX"}}
    dynamodb.update_item(TableName=TABLE, Key=key, UpdateExpression="REMOVE mail_at, chat_at")

    assert outboxes.outbox("oncall") == written


def test_a_notice_is_marked_for_each_who_has_it(mail: Mail) -> None:
    mail.mark_told("web-7", 1, "oncall sns")
    mail.mark_told("web-7", 1, "oncall sns")
    mail.mark_told("web-7", 1, "dba sns")

    assert mail.told("web-7", 1) == {"oncall sns", "dba sns"}


def test_a_notice_that_does_not_exist_is_not_marked(dynamodb: DynamoDBClient) -> None:
    with pytest.raises(Conflict, match="web-9-1"):
        DynamoMail(dynamodb, TABLE, Retention()).mark_told("web-9", 1, "oncall sns")


def test_a_marked_notice_is_read_as_before(dynamodb: DynamoDBClient, table: DynamoStore) -> None:
    table.remember(Remembered(a_case(), an_incident(), (a_notice(),)))
    DynamoMail(dynamodb, TABLE, Retention()).mark_told("web-7", 1, "oncall sns")

    assert table.notice("web-7", 1) == a_notice()
    assert table.unpublished_notices(NOON + timedelta(minutes=1), 9) == [a_notice()]


def test_contacts_are_due_when_anything_of_theirs_is(dynamodb: DynamoDBClient, table: DynamoStore) -> None:
    mail = DynamoMail(dynamodb, TABLE, Retention())
    box = mail.remember_outbox(BOX)
    mail.remember_outbox(Outbox("dba", storm_at=NOON, quiet_at=NOON + timedelta(hours=9)))

    assert table.due_contacts(NOON, 9) == {"dba": NOON}
    assert list(table.due_contacts(NOON + timedelta(minutes=3), 9).items()) == [("dba", NOON), ("oncall", BOX.due_at())]
    assert table.due_contacts(NOON + timedelta(minutes=3), 1) == {"dba": NOON}

    mail.remember_outbox(replace(box, limit_at=None))
    assert table.due_contacts(NOON + timedelta(minutes=3), 9) == {"dba": NOON}


def test_what_waits_is_forgotten_in_the_end(dynamodb: DynamoDBClient) -> None:
    DynamoMail(dynamodb, TABLE, Retention()).remember_outbox(BOX, waiting(1))

    (item,) = dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :waiting)",
        ExpressionAttributeValues={":pk": {"S": "CONTACT#oncall"}, ":waiting": {"S": "WAITING#"}},
    )["Items"]
    assert int(item["expires"]["N"]) == int((NOON + Retention().cases).timestamp())


def test_what_waits_outlives_every_quiet_weekend_however_briefly_notices_are_kept(dynamodb: DynamoDBClient) -> None:
    DynamoMail(dynamodb, TABLE, Retention(cases=timedelta(days=1))).remember_outbox(BOX, waiting(1))

    items = dynamodb.scan(TableName=TABLE)["Items"]
    (item,) = (item for item in items if item["sk"]["S"].startswith("WAITING"))
    assert int(item["expires"]["N"]) == int((NOON + timedelta(days=14)).timestamp())
