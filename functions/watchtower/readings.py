"""What a look reads, in as few calls as will do. The canary goes first: what it tells is worth most."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from watchtower.asking import Asking, Unreadable, client
from watchtower.deploys import is_replaced
from watchtower.https import Front, ask_front, nameless, time_in
from watchtower.model import (
    Alarm,
    CameOut,
    Heartbeats,
    Listing,
    Readings,
    Rule,
    Standing,
    Subscription,
    TextsIn,
    Unknown,
    Watched,
)
from watchtower.quota import texts_in
from watchtower.settings import Place, Settings
from watchtower.state import watched_in

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_ssm import SSMClient
    from urllib3 import PoolManager

    from watchtower.asking import EventsClient

CANARY_SOURCE = "defib.watchtower"
CANARY_TYPE = "Canary"

HEARTBEATS = "HEARTBEAT"
"""The one partition of the watched table that may be read."""
SWEEP = "SWEEP"
CANARY = "CANARY#"
"""Before the way of a canary."""

PAGES_MOST = 20
"""Of a list of subscriptions, rules or alarms, 100 each: more than the policy can name, or a stack has."""


@dataclass(frozen=True, slots=True)
class Primary:
    """Clients of the watched Region."""

    ssm: SSMClient
    events: EventsClient
    dynamodb: DynamoDBClient
    cloudwatch: CloudWatchClient
    sns: SNSClient

    @classmethod
    def of(cls, region: str) -> Primary:
        return cls(
            client("ssm", region),
            client("events", region),
            client("dynamodb", region),
            client("cloudwatch", region),
            client("sns", region),
        )


@dataclass(frozen=True, slots=True)
class Own:
    """Clients of the watchtower's Region."""

    dynamodb: DynamoDBClient
    cloudwatch: CloudWatchClient
    sns: SNSClient

    @classmethod
    def of(cls, region: str) -> Own:
        return cls(client("dynamodb", region), client("cloudwatch", region), client("sns", region))


@dataclass(frozen=True, slots=True)
class Eyes:
    """Everything that a look reads with."""

    settings: Settings
    place: Place
    primary: Primary
    own: Own
    http: PoolManager

    def look(self, asking: Asking, last_known: Watched | None, now: datetime) -> Readings:
        """Read everything. ``last_known`` serves when the watched stack can't say what its parts are called."""
        there = self.settings.primary_region
        if is_replaced(last_known, self.settings):
            # The canary of one that nobody looks for would hide the death of the one that is relied on.
            return Readings(asking.ask(f"Systems Manager in {there}", self._watched), None, nameless(), nameless())
        canary = asking.ask(f"EventBridge in {there}", lambda: self._send_canary(now))
        watched = asking.ask(f"Systems Manager in {there}", self._watched)
        names = last_known if isinstance(watched, Unknown) else watched
        heartbeats = self._heartbeats(asking, names)
        alarms = self._alarms(asking)
        rules = self._rules(asking, names)
        page, doors = ask_front(self.http, asking, Front(self.settings.has_page, self.settings.doors), names)
        return Readings(
            watched=watched,
            canary_sent=canary,
            heartbeats=heartbeats,
            alarms=alarms,
            rules=rules,
            page=page,
            doors=doors,
            listings=tuple(self._listings(asking, names)),
            texts=tuple(self._texts(asking, now)) if self.settings.texts else (),
        )

    def _send_canary(self, now: datetime) -> None:
        answer = self.primary.events.put_events(
            Entries=[
                {
                    "Source": CANARY_SOURCE,
                    "DetailType": CANARY_TYPE,
                    "Detail": json.dumps({"sent_at": now.isoformat()}),
                }
            ]
        )
        if answer["FailedEntryCount"]:
            raise Unreadable(f"the canary was not taken: {answer['Entries'][0].get('ErrorCode', '')}")

    def _watched(self) -> Watched:
        answer = self.primary.ssm.get_parameter(Name=self.settings.parameter)
        try:
            return watched_in(json.loads(answer["Parameter"]["Value"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Unreadable(f"parameter {self.settings.parameter} makes no sense") from error

    def _heartbeats(self, asking: Asking, names: Watched | None) -> Heartbeats | Unknown:
        if names is None:
            return nameless()

        def read() -> Heartbeats:
            answer = self.primary.dynamodb.query(
                TableName=names.table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": HEARTBEATS}},
                ConsistentRead=True,
            )
            items = {item["sk"]["S"]: item for item in answer["Items"]}
            sweep = items.get(SWEEP)
            return Heartbeats(
                time_in(sweep["at"]["S"]) if sweep else None,
                {
                    kind.removeprefix(CANARY): CameOut(time_in(item["sent_at"]["S"]), time_in(item["at"]["S"]))
                    for kind, item in items.items()
                    if kind.startswith(CANARY)
                },
            )

        return asking.ask(f"DynamoDB in {self.settings.primary_region}", read)

    def _alarms(self, asking: Asking) -> tuple[Alarm, ...] | Unknown:
        found: list[Alarm] = []
        token = ""
        for _ in range(PAGES_MOST):
            page = asking.ask(f"CloudWatch in {self.settings.primary_region}", partial(self._some_alarms, token))
            if isinstance(page, Unknown):
                return page
            some, token = page
            found += some
            if not token:
                break
        return tuple(found)

    def _some_alarms(self, token: str) -> tuple[list[Alarm], str]:
        """One page, and the token of the next."""
        prefix, cloudwatch = f"{self.settings.primary_stack}-Watch", self.primary.cloudwatch
        # The alarms hold the bounds, and are evaluated anyway: reading each metric would cost ten times as much.
        answer = (
            cloudwatch.describe_alarms(
                AlarmNamePrefix=prefix, AlarmTypes=["MetricAlarm"], MaxRecords=100, NextToken=token
            )
            if token
            else cloudwatch.describe_alarms(AlarmNamePrefix=prefix, AlarmTypes=["MetricAlarm"], MaxRecords=100)
        )
        alarms = [
            Alarm(
                found["AlarmName"],
                found["StateValue"],
                found.get("AlarmDescription", ""),
                found.get("ActionsEnabled", True),
            )
            for found in answer["MetricAlarms"]
        ]
        return alarms, answer.get("NextToken", "")

    def _rules(self, asking: Asking, names: Watched | None) -> tuple[Rule, ...] | Unknown:
        if names is None:
            return nameless()
        there, on, token = self.settings.primary_region, dict[str, bool](), ""
        for _ in range(PAGES_MOST):
            page = asking.ask(f"EventBridge in {there}", partial(self._some_rules, token))
            if isinstance(page, Unknown):
                return page
            some, token = page
            on |= some
            if not token:
                break
        return tuple(Rule(name, on[called]) for name, called in names.rules.items() if called in on)

    def _some_rules(self, token: str) -> tuple[dict[str, bool], str]:
        """Which are on, by name, on one page; and the token of the next."""
        more = {"NextToken": token} if token else {}
        answer = self.primary.events.list_rules(NamePrefix=f"{self.settings.primary_stack}-", **more)
        return {rule["Name"]: rule["State"] != "DISABLED" for rule in answer["Rules"]}, answer.get("NextToken", "")

    def _listings(self, asking: Asking, names: Watched | None) -> Iterator[Listing]:
        there, here = self.settings.primary_region, self.settings.region
        for topic in sorted({subscriber.topic for subscriber in self.settings.subscribers}):
            arn = names.topics.get(topic, "") if names is not None else ""
            found = self._listing(asking, self.primary.sns, there, arn) if arn else nameless()
            yield Listing(there, topic, found)
        for topic, arn in (("Findings", self.place.topic), ("Heartbeat", self.place.heartbeat_topic)):
            yield Listing(here, topic, self._listing(asking, self.own.sns, here, arn))

    def _listing(self, asking: Asking, sns: SNSClient, region: str, arn: str) -> tuple[Subscription, ...] | Unknown:
        found: list[Subscription] = []
        token = ""
        for _ in range(PAGES_MOST):
            page = asking.ask(f"SNS in {region}", partial(_subscriptions, sns, arn, token))
            if isinstance(page, Unknown):
                return page
            some, token = page
            found += some
            if not token:
                break
        return tuple(found)

    def _texts(self, asking: Asking, now: datetime) -> Iterator[TextsIn]:
        settings = self.settings
        for region, sns, cloudwatch in (
            (settings.primary_region, self.primary.sns, self.primary.cloudwatch),
            (settings.region, self.own.sns, self.own.cloudwatch),
        ):
            yield TextsIn(region, texts_in(asking, region, sns, cloudwatch, now))


def _standing(arn: str) -> Standing:
    """Of what is unsubscribed, SNS says Deleted for some days (SNS API, ListSubscriptionsByTopic)."""
    if arn.startswith("arn:"):
        return Standing.CONFIRMED
    return Standing.PENDING if arn == "PendingConfirmation" else Standing.UNSUBSCRIBED


def _subscriptions(sns: SNSClient, topic: str, token: str) -> tuple[list[Subscription], str]:
    """One page, and the token of the next."""
    if token:
        answer = sns.list_subscriptions_by_topic(TopicArn=topic, NextToken=token)
    else:
        answer = sns.list_subscriptions_by_topic(TopicArn=topic)
    found = [Subscription(one["Endpoint"], _standing(one["SubscriptionArn"])) for one in answer["Subscriptions"]]
    return found, answer.get("NextToken", "")
