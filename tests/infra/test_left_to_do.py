"""The last lines of a deploy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from defib.aws.clients import client
from defib.core.contact import chat_output
from defib.core.medium import Medium
from defib.core.page.settings import PageSettings
from defib.core.policy import Calls, Contact, Policy, Service, Tag
from defib.core.reach import Finding, Problem, Topic
from defib.core.watchtower import WatchtowerSettings
from infra.left_to_do import STACK, WATCHTOWER_STACK, Left, left_to_do, subscribed_at, told
from tests.aws.fleet import Overlay
from tests.core.facts import NOON

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

ONCALL = Contact("oncall", email=("oncall@defib.test",))
HERE = "eu-west-1"
TELLING = Policy(Tag("self-heal", "true"), (Service("web", {"service": ("web",)}, tell=("oncall",)),), (ONCALL,))


def finding(problem: Problem, endpoint: str = "oncall@defib.test") -> Finding:
    return Finding(problem, Medium.EMAIL, endpoint, "oncall", NOON, (Topic.INCIDENTS,), detail="$1.00 of $1.00")


def test_who_has_not_confirmed_is_named_with_what_to_do_and_until_when() -> None:
    text = "\n".join(
        told([Left(HERE, (finding(Problem.UNCONFIRMED),), ("oncall",), subscribed={"oncall@defib.test": NOON})])
    )

    assert "oncall@defib.test (contact oncall) has not confirmed" in text
    assert "Subscription Confirmation" in text
    assert "by 02 May 12:00 UTC" in text
    assert "nobody is told of incidents at contact oncall." in text


def test_where_it_is_not_known_when_the_mail_went_out_it_is_two_days_from_then() -> None:
    assert "within two days" in "\n".join(told([Left(HERE, (finding(Problem.UNCONFIRMED),))]))


def test_phones_that_get_no_sms_are_told_of_too() -> None:
    text = "\n".join(told([Left(HERE, (finding(Problem.UNVERIFIED, "+12025550123"), finding(Problem.SPENT, "")))]))

    assert "+12025550123 (contact oncall) gets no SMS: the account is in the SMS sandbox" in text
    assert "SMS (contact oncall) cost $1.00 of $1.00 this month" in text
    assert f"aws sns set-sms-attributes --region {HERE} --attributes MonthlySpendLimit=USD" in text


def test_texts_that_no_registered_number_sends_are_told_of_though_every_address_can_be_reached() -> None:
    lines = list(told([Left(HERE, ()), Left("eu-central-1", (), texts="Texts from eu-central-1 do not go out")]))

    assert lines == ["Deployed. Left for people to do:", "  Texts from eu-central-1 do not go out"]


def test_a_shortage_of_functions_is_told_of_though_every_address_can_be_reached() -> None:
    lines = list(told([Left(HERE, (), concurrency="Lambda in eu-west-1 has room for 10 functions at once")]))

    assert lines == ["Deployed. Left for people to do:", "  Lambda in eu-west-1 has room for 10 functions at once"]


class Account:
    """The topics of a stack in moto, and what CloudFormation says of it."""

    def __init__(self) -> None:
        self.sns: Any = boto3.client("sns", region_name=HERE)
        names = ("IncidentsTopic", "AlertsTopic")
        self.topics = {name: self.sns.create_topic(Name=name)["TopicArn"] for name in names}

    def subscribe(self, endpoint: str) -> None:
        for topic in self.topics.values():
            self.sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=endpoint)

    def left(self, policy: Policy = TELLING, **others: dict[str, str]) -> list[str]:
        return list(left_to_do({STACK: self.topics, **others}, policy, {}))


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Account()


def test_when_everybody_can_be_reached_nothing_is_left_to_do(account: Account) -> None:
    account.subscribe("oncall@defib.test")

    assert account.left() == ["Deployed. Every address can be reached; nothing is left to do."]


def test_where_a_name_of_ones_own_must_point_is_said() -> None:
    named = replace(TELLING, contacts=(), page=PageSettings(domain="status.example.com"))
    outputs = {STACK: {"StatusPageAddress": "https://status.example.com", "StatusPageTarget": "d1.cloudfront.net"}}

    assert list(left_to_do(outputs, named, {})) == [
        "Deployed. Every address can be reached.",
        "The name status.example.com must point at d1.cloudfront.net (a CNAME or alias record).",
    ]


def test_what_there_is_to_see_to_in_the_policy_ends_the_lines_and_is_not_called_nothing(account: Account) -> None:
    to_see = ["See whether it is meant."]
    first, *_, last = left_to_do({STACK: account.topics}, TELLING, {}, to_see)
    account.subscribe("oncall@defib.test")

    assert (first, last) == ("Deployed. Left for people to do:", "See whether it is meant.")
    assert list(left_to_do({STACK: account.topics}, TELLING, {}, to_see)) == [
        "Deployed. Every address can be reached.",
        "See whether it is meant.",
    ]


def test_an_address_that_sns_has_forgotten_is_named(account: Account) -> None:
    first, second, third, last = account.left()

    assert first == "Deployed. Left for people to do:"
    assert "oncall@defib.test (contact oncall) is not subscribed to incidents and alerts" in second
    assert third == "Until then nobody is told of incidents at contact oncall."
    assert "--authenticate-on-unsubscribe true" in last


def test_a_chat_topic_that_no_channel_is_subscribed_to_is_named_until_one_is(account: Account) -> None:
    room = Contact("war-room", chat=True)
    policy = replace(TELLING, contacts=(ONCALL, room))
    account.subscribe("oncall@defib.test")
    topic = account.sns.create_topic(Name="war-room")["TopicArn"]
    account.topics[chat_output("war-room")] = topic

    assert chat_output("war-room") == "ChatTopicWarRoom"
    assert "  the chat of war-room (contact war-room) has no channel: subscribe one" in account.left(policy)[1]
    account.sns.subscribe(TopicArn=topic, Protocol="https", Endpoint="https://global.sns-api.chatbot.amazonaws.com")
    assert account.left(policy) == ["Deployed. Every address can be reached; nothing is left to do."]


MAIL = {"Type": "AWS::SNS::Subscription", "Properties": {"Endpoint": "oncall@defib.test"}}


def test_the_time_to_confirm_is_counted_from_when_cloudformation_made_the_first_subscription(account: Account) -> None:
    boss = {"Type": "AWS::SNS::Subscription", "Properties": {"Endpoint": "boss@defib.test"}}
    topic = {"Type": "AWS::SNS::Topic", "Properties": {}}
    cloudformation = says(
        ("A", "CREATE_COMPLETE", NOON + timedelta(seconds=9)),
        ("B", "CREATE_COMPLETE", NOON),
        ("C", "UPDATE_COMPLETE", NOON),
        ("T", "CREATE_COMPLETE", NOON),
    )

    made = subscribed_at(cloudformation, STACK, {"Resources": {"A": MAIL, "B": MAIL, "C": boss, "T": topic}})

    assert made == {"oncall@defib.test": NOON}


def test_when_cloudformation_does_not_say_no_time_is_named(account: Account) -> None:
    cloudformation = client("cloudformation", Calls(attempts=1), HERE)
    asked = Overlay(refusals={"ListStackResources": "AccessDenied"}).lay_over(cloudformation)

    assert subscribed_at(cloudformation, STACK, {"Resources": {"A": MAIL}}) == {}
    assert asked.named("ListStackResources")


def says(*resources: tuple[str, str, datetime]) -> CloudFormationClient:
    """CloudFormation, with these resources in the stack."""
    cloudformation = client("cloudformation", Calls(attempts=1), HERE)
    listed = [
        {"LogicalResourceId": name, "ResourceStatus": status, "LastUpdatedTimestamp": at}
        for name, status, at in resources
    ]
    Overlay(answers={"ListStackResources": {"StackResourceSummaries": listed}}).lay_over(cloudformation)
    return cloudformation


def test_when_sns_cannot_be_asked_the_deploy_is_still_reported_done(account: Account) -> None:
    account.topics = {name: f"{arn}-gone" for name, arn in account.topics.items()}

    first, *others = account.left()

    assert first == "Deployed."
    assert [line.partition(":")[0] for line in others] == [
        "Could not ask AWS for the subscriptions of the incidents topic",
        "Could not ask AWS for the subscriptions of the alerts topic",
    ]


def test_whether_texts_go_out_is_asked_in_each_region_for_itself(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = lambda sns, region, addresses: f"{region} as {sns.meta.region_name}: {len(addresses)}"  # noqa: E731 - one line
    monkeypatch.setattr("infra.left_to_do.unsent", asked)
    tower: Any = boto3.client("sns", region_name="eu-central-1")
    topics = {name: tower.create_topic(Name=name)["TopicArn"] for name in ("FindingsTopic", "HeartbeatTopic")}
    watched = replace(TELLING, watchtower=WatchtowerSettings(region="eu-central-1", primary_region=HERE))

    lines = account.left(watched, **{WATCHTOWER_STACK: topics})

    assert {"  eu-west-1 as eu-west-1: 2", "  eu-central-1 as eu-central-1: 2"} < set(lines)


def test_whether_there_is_room_for_the_functions_is_asked_of_the_first_stack_only(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = lambda lambda_, region, template: f"{region} as {lambda_.meta.region_name}: {template}"  # noqa: E731 - one line
    monkeypatch.setattr("infra.left_to_do.scarce", asked)
    tower: Any = boto3.client("sns", region_name="eu-central-1")
    topics = {name: tower.create_topic(Name=name)["TopicArn"] for name in ("FindingsTopic", "HeartbeatTopic")}
    watched = replace(TELLING, watchtower=WatchtowerSettings(region="eu-central-1", primary_region=HERE))
    outputs = {STACK: account.topics, WATCHTOWER_STACK: topics}

    lines = list(left_to_do(outputs, watched, {STACK: {"Resources": {}}}))

    assert [line for line in lines if " as " in line] == ["  eu-west-1 as eu-west-1: {'Resources': {}}"]


def test_the_watchtowers_topics_are_looked_at_in_their_own_region(account: Account) -> None:
    account.subscribe("oncall@defib.test")
    tower: Any = boto3.client("sns", region_name="eu-central-1")
    topics = {name: tower.create_topic(Name=name)["TopicArn"] for name in ("FindingsTopic", "HeartbeatTopic")}
    watched = replace(TELLING, watchtower=WatchtowerSettings(region="eu-central-1", primary_region=HERE))

    lines = account.left(watched, **{WATCHTOWER_STACK: topics})

    assert "is not subscribed to findings of the watchtower and alarms about the watchtower" in lines[1]
    assert not [line for line in lines if line.startswith("Until then")], "the incidents reach everybody"
