"""What SNS and CloudWatch are asked about addresses, and what becomes of questions that they do not answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from defib.aws import reach
from defib.aws.clients import client
from defib.aws.reach import CALLS, SnsReader, standing
from defib.core.medium import Medium
from defib.core.reach import Address, Question, Readings, Standing, Subscription, Topic
from defib.shell.reach import LOOK_FOR, ROOM
from tests.aws.account import ONCE
from tests.aws.fleet import Overlay
from tests.fakes import FakeClock

MAIL, PHONE = "oncall@example.com", "+12025550123"
TOPICS = (Topic.INCIDENTS, Topic.ALERTS)
ADDRESSES = tuple(
    Address(topic, medium, endpoint, "oncall")
    for topic in TOPICS
    for medium, endpoint in ((Medium.EMAIL, MAIL), (Medium.SMS, PHONE))
)
ON_MAIL_ONLY = tuple(address for address in ADDRESSES if address.medium is Medium.EMAIL)


class Aws:
    """Both clients with what moto lacks laid over them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.topics = {topic: boto3.client("sns").create_topic(Name=topic)["TopicArn"] for topic in TOPICS}
        self.chats: dict[str, str] = {}
        self.sns, self.cloudwatch = client("sns", ONCE), client("cloudwatch", ONCE)
        self.on_sns = Overlay(answers={"GetSMSSandboxAccountStatus": {"IsInSandbox": False}})
        self.on_sns.lay_over(self.sns)
        self.on_cloudwatch = Overlay(answers={"GetMetricData": spent()})
        self.on_cloudwatch.lay_over(self.cloudwatch)

    def read(self, addresses: tuple[Address, ...] = ADDRESSES) -> Readings:
        reader = SnsReader(self.sns, self.cloudwatch, self.clock, self.topics, self.chats)
        return reader.read(addresses, self.clock.now() + LOOK_FOR)


def spent(*usd: float) -> dict[str, Any]:
    return {"MetricDataResults": [{"Id": "spent", "Values": list(usd)}]}


@pytest.fixture
def account() -> Aws:
    return Aws()


def test_whatever_is_subscribed_to_a_chat_topic_is_its_contacts_channel(account: Aws) -> None:
    sns = boto3.client("sns")
    account.chats = {name: sns.create_topic(Name=f"chat-{name}")["TopicArn"] for name in ("oncall", "room")}
    channel = "https://global.sns-api.chatbot.amazonaws.com"
    sns.subscribe(TopicArn=account.chats["oncall"], Protocol="https", Endpoint=channel)

    chats = [found for found in account.read().subscriptions if found.topic is Topic.CHAT]

    assert [found.endpoint for found in chats] == ["chat:oncall"]


def test_a_chat_topic_that_is_not_there_is_unanswered(account: Aws) -> None:
    account.chats = {"oncall": account.topics[Topic.ALERTS] + "-gone"}

    assert list(account.read().unanswered) == [Question.CHAT]


def test_the_subscriptions_of_both_topics_are_read(account: Aws) -> None:
    boto3.client("sns").subscribe(TopicArn=account.topics[Topic.INCIDENTS], Protocol="email", Endpoint=MAIL)
    boto3.client("sns").subscribe(TopicArn=account.topics[Topic.ALERTS], Protocol="sms", Endpoint=PHONE)

    assert account.read().subscriptions == (
        Subscription(Topic.INCIDENTS, MAIL, Standing.CONFIRMED),
        Subscription(Topic.ALERTS, PHONE, Standing.CONFIRMED),
    )


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("arn:aws:sns:us-east-1:123456789012:incidents:0b5e", Standing.CONFIRMED),
        ("PendingConfirmation", Standing.PENDING),
        ("Deleted", Standing.DELETED),
    ],
)
def test_what_stands_in_the_place_of_an_arn_is_read(arn: str, expected: Standing) -> None:
    assert standing(arn) is expected


def test_of_a_sandbox_the_verified_numbers_are_read(account: Aws) -> None:
    account.on_sns.answers |= {
        "GetSMSSandboxAccountStatus": {"IsInSandbox": True},
        "ListSMSSandboxPhoneNumbers": {
            "PhoneNumbers": [
                {"PhoneNumber": PHONE, "Status": "Verified"},
                {"PhoneNumber": "+12025550124", "Status": "Pending"},
            ]
        },
    }

    found = account.read()

    assert (found.sandboxed, found.verified) == (True, (PHONE,))


def test_outside_the_sandbox_nobody_lists_its_numbers(account: Aws) -> None:
    assert account.read().unanswered == {}
    assert account.on_sns.named("ListSMSSandboxPhoneNumbers") == []


def test_each_number_is_asked_after(account: Aws) -> None:
    account.on_sns.answers["CheckIfPhoneNumberIsOptedOut"] = {"isOptedOut": True}

    assert account.read().opted_out == (PHONE,)
    assert account.on_sns.named("CheckIfPhoneNumberIsOptedOut") == [{"phoneNumber": PHONE}]


def test_the_month_is_the_calendars_in_utc(account: Aws) -> None:
    account.on_cloudwatch.answers["GetMetricData"] = spent(0.82, 41.0)
    boto3.client("sns").set_sms_attributes(attributes={"MonthlySpendLimit": "20"})

    found = account.read()

    assert (found.quota_usd, found.spent_usd) == (20.0, 0.82)
    (asked,) = account.on_cloudwatch.named("GetMetricData")
    assert asked["StartTime"] == datetime(2026, 4, 1, tzinfo=UTC)


def test_without_a_limit_of_its_own_an_account_has_that_of_new_ones_and_without_sms_nothing_spent(account: Aws) -> None:
    found = account.read()

    assert (found.quota_usd, found.spent_usd) == (1.0, 0.0)


def test_where_nobody_has_a_phone_nothing_is_asked_about_sms(account: Aws) -> None:
    account.read(ON_MAIL_ONLY)

    assert {name for name, _ in account.on_sns.calls} == {"ListSubscriptionsByTopic"}
    assert account.on_cloudwatch.calls == []


@pytest.mark.parametrize(
    ("operation", "question"),
    [
        ("GetSMSSandboxAccountStatus", Question.SANDBOX),
        ("CheckIfPhoneNumberIsOptedOut", Question.OPT_OUTS),
        ("GetSMSAttributes", Question.QUOTA),
    ],
)
def test_a_question_that_is_refused_leaves_the_others_answered(
    account: Aws, operation: str, question: Question
) -> None:
    account.on_sns.refusals[operation] = "Throttling"

    found = account.read()

    assert list(found.unanswered) == [question]
    assert "Throttling" in found.unanswered[question]


def test_a_topic_that_is_gone_is_a_question_unanswered(account: Aws) -> None:
    account.topics[Topic.ALERTS] += "-gone"

    assert list(account.read().unanswered) == [Question.ALERTS]


def test_when_there_is_no_time_left_nothing_more_is_asked(account: Aws) -> None:
    class Slow(FakeClock):
        """Every look at it takes half of what there is."""

        def now(self) -> datetime:
            return self.advance(LOOK_FOR / 2)

    account.clock = Slow()

    found = account.read()

    assert Question.QUOTA in found.unanswered
    assert "no time was left" in found.unanswered[Question.QUOTA]
    assert account.on_cloudwatch.calls == []


def test_pages_without_end_are_not_followed_for_ever(account: Aws) -> None:
    class Ticking(FakeClock):
        def now(self) -> datetime:
            return self.advance(timedelta(seconds=1))

    account.clock = Ticking()
    account.on_sns.answers["ListSubscriptionsByTopic"] = {"Subscriptions": []}
    account.on_sns.endless.add("ListSubscriptionsByTopic")

    found = account.read(ON_MAIL_ONLY)

    assert set(found.unanswered) == {Question.INCIDENTS, Question.ALERTS}
    assert len(account.on_sns.calls) <= LOOK_FOR.total_seconds()


def test_the_last_call_of_a_look_ends_within_its_room() -> None:
    assert LOOK_FOR + CALLS.attempts * (CALLS.connect_timeout + CALLS.read_timeout) < ROOM


def test_it_may_only_ask() -> None:
    actions = {action for permission in reach.PERMISSIONS for action in permission.actions}

    assert all(action.partition(":")[2].startswith(("Get", "List", "Check", "Describe")) for action in actions)
