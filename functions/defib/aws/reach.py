"""Asks SNS and CloudWatch whether addresses can be reached. Every question may fail by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.core.medium import Medium
from defib.core.policy import Calls
from defib.core.reach import SUBSCRIPTIONS_OF, Address, Question, Readings, Standing, Subscription, Topic, chat_of
from defib.shell.ports import CallFailed, Clock, Transient

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sns import SNSClient

PERMISSIONS = (
    Permission(
        (
            "cloudwatch:GetMetricData",
            "sns:CheckIfPhoneNumberIsOptedOut",
            "sns:GetSMSAttributes",
            "sns:GetSMSSandboxAccountStatus",
            "sns:ListSMSSandboxPhoneNumbers",
        ),
        Scope.ANY,
    ),
    Permission(
        (
            "sms-voice:DescribeAccountAttributes",
            "sms-voice:DescribeOptedOutNumbers",
            "sms-voice:DescribeSpendLimits",
            "sms-voice:DescribeVerifiedDestinationNumbers",
        ),
        Scope.SMS_THROUGH_SNS,
    ),
    Permission(("sns:ListSubscriptionsByTopic",), Scope.INCIDENTS_TOPIC),
    Permission(("sns:ListSubscriptionsByTopic",), Scope.ALERTS_TOPIC),
    Permission(("sns:ListSubscriptionsByTopic",), Scope.CHAT_TOPICS),
)

CALLS = Calls(connect_timeout=timedelta(seconds=1), read_timeout=timedelta(seconds=2), attempts=1)
"""Shorter than those of calls that repair: nobody waits for these, and the next look asks again."""

NEW_ACCOUNTS_QUOTA_USD = 1.0
"""What SMS may cost in a month until AWS has raised it (SNS Developer Guide, channels-sms-awssupport-spend-threshold).
GetSMSAttributes leaves MonthlySpendLimit out while nobody has set one."""

A_DAY_S = 86_400

T = TypeVar("T")


class SnsReader:
    """Keeps the promise of ``shell.reach.Reader``. By ARN: ``topics``, and ``chats`` of the contacts that have one."""

    def __init__(
        self,
        sns: SNSClient,
        cloudwatch: CloudWatchClient,
        clock: Clock,
        topics: Mapping[Topic, str],
        chats: Mapping[str, str],
    ) -> None:
        self._sns = sns
        self._cloudwatch = cloudwatch
        self._clock = clock
        self._topics = topics
        self._chats = chats

    def read(self, addresses: Sequence[Address], until: datetime) -> Readings:
        numbers = sorted({address.endpoint for address in addresses if address.medium is Medium.SMS})
        asked = _Asked(self._clock, until)
        nobody, none = tuple[Subscription, ...](), tuple[str, ...]()
        found = nobody
        for topic in self._topics:
            found += asked.of(SUBSCRIPTIONS_OF[topic], partial(self._subscriptions, topic, asked), nobody)
        if self._chats:
            found += asked.of(Question.CHAT, lambda: self._channels(asked), nobody)
        if not numbers:
            return Readings(found, unanswered=asked.unanswered)
        sandboxed, verified = asked.of(Question.SANDBOX, lambda: self._sandbox(asked), (False, none))
        opted_out = asked.of(Question.OPT_OUTS, lambda: self._opted_out(numbers, asked), none)
        quota, spent = asked.of(Question.QUOTA, lambda: self._quota(asked), (0.0, 0.0))
        return Readings(found, sandboxed, verified, opted_out, quota, spent, unanswered=asked.unanswered)

    def _subscriptions(self, topic: Topic, asked: _Asked) -> tuple[Subscription, ...]:
        listed = self._listed(self._topics[topic], asked)
        return tuple(Subscription(topic, endpoint, standing) for endpoint, standing in listed)

    def _channels(self, asked: _Asked) -> tuple[Subscription, ...]:
        """Whatever is subscribed to a contact's chat topic, its own address aside: all channels share one."""
        return tuple(
            Subscription(Topic.CHAT, chat_of(contact), standing)
            for contact, arn in self._chats.items()
            for _, standing in self._listed(arn, asked)
        )

    def _listed(self, arn: str, asked: _Asked) -> list[tuple[str, Standing]]:
        found: list[tuple[str, Standing]] = []
        for page in self._sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn):
            found += [(s["Endpoint"], standing(s["SubscriptionArn"])) for s in page["Subscriptions"]]
            asked.in_time()
        return found

    def _sandbox(self, asked: _Asked) -> tuple[bool, tuple[str, ...]]:
        """Whether the account is in the SMS sandbox of this Region, and if so which numbers that lets through."""
        if not self._sns.get_sms_sandbox_account_status()["IsInSandbox"]:
            return False, ()
        verified: list[str] = []
        for page in self._sns.get_paginator("list_sms_sandbox_phone_numbers").paginate():
            verified += [p["PhoneNumber"] for p in page["PhoneNumbers"] if p.get("Status") == "Verified"]
            asked.in_time()
        return True, tuple(verified)

    def _opted_out(self, numbers: Sequence[str], asked: _Asked) -> tuple[str, ...]:
        found: list[str] = []
        for number in numbers:
            asked.in_time()
            if self._sns.check_if_phone_number_is_opted_out(phoneNumber=number).get("isOptedOut", False):
                found.append(number)
        return tuple(found)

    def _quota(self, asked: _Asked) -> tuple[float, float]:
        """What SMS may cost this month, and what they have cost, in USD; the month is the calendar's, in UTC."""
        attributes = self._sns.get_sms_attributes(attributes=["MonthlySpendLimit"]).get("attributes", {})
        quota = float(attributes.get("MonthlySpendLimit") or NEW_ACCOUNTS_QUOTA_USD)
        asked.in_time()
        now = self._clock.now()
        answer = self._cloudwatch.get_metric_data(
            MetricDataQueries=[
                {
                    "Id": "spent",
                    "MetricStat": {
                        "Metric": {"Namespace": "AWS/SNS", "MetricName": "SMSMonthToDateSpentUSD"},
                        "Period": A_DAY_S,
                        "Stat": "Maximum",
                    },
                }
            ],
            StartTime=now.replace(day=1, hour=0, minute=0, second=0, microsecond=0),
            EndTime=now,
            ScanBy="TimestampDescending",
        )
        # The newest day's: in the first minutes of a month the last total of the one before may still be told.
        return quota, next(iter(answer["MetricDataResults"][0]["Values"]), 0.0)


class _Asked:
    """The questions of one look, and what became of those that were not answered."""

    def __init__(self, clock: Clock, until: datetime) -> None:
        self._clock = clock
        self._until = until
        self.unanswered: dict[Question, str] = {}

    def of(self, question: Question, ask: Callable[[], T], otherwise: T) -> T:
        """The answer to ``question``; ``otherwise`` where there is none in time."""
        try:
            self.in_time()
            with translated(f"asking for the {question}"):
                return ask()
        except CallFailed as error:
            self.unanswered[question] = str(error)
            return otherwise

    def in_time(self) -> None:
        """Raise Transient when there is no time left to ask."""
        if self._clock.now() >= self._until:
            raise Transient("no time was left to ask", code="OutOfTime")


def standing(arn: str) -> Standing:
    """What SNS says in the place of a subscription's ARN while it is pending, and for some days once it is deleted."""
    if arn.startswith("arn:"):
        return Standing.CONFIRMED
    return Standing.PENDING if arn == "PendingConfirmation" else Standing.DELETED
