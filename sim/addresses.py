"""The people's end of SNS: who never confirmed, unsubscribed, opted out; the SMS sandbox and its quota.

Moto confirms every subscription at once and knows no quota, so the answers about them are made here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from zlib import crc32

from sim.boundary import Answers, Params, Response
from sim.metrics import Metric, Metrics
from sim.unreachable import Unreachable, Why

if TYPE_CHECKING:
    from sim.clock import VirtualTime
    from sim.wiring import Subscription

FORGOTTEN_AFTER = timedelta(hours=48)
"""How long SNS waits for a confirmation (AWS What's New, 10 May 2023)."""
QUOTA_USD = 1.0
"""What SMS may cost a new account in a month (SNS Developer Guide, channels-sms-awssupport-spend-threshold)."""
RAISED_USD = 50.0
"""What AWS has raised it to once somebody has asked for more."""
SPENT_USD = 0.05


class Addresses:
    """Every subscribed address, and what AWS says of it at this moment."""

    def __init__(
        self,
        time: VirtualTime,
        subscriptions: Sequence[Subscription],
        unreachable: Sequence[Unreachable],
        metrics: Metrics,
        boundary: Answers,
    ) -> None:
        self._time = time
        self._start = time.now
        self._subscriptions = subscriptions
        self._unreachable = unreachable
        self._metrics = metrics
        boundary.answer("sns:ListSubscriptionsByTopic", self._list)
        boundary.answer("sns:GetSMSSandboxAccountStatus", lambda _: {"IsInSandbox": self._is(Why.SANDBOX)})
        boundary.answer("sns:ListSMSSandboxPhoneNumbers", self._verified)
        boundary.answer("sns:CheckIfPhoneNumberIsOptedOut", self._opted_out)
        boundary.answer("sns:GetSMSAttributes", self._attributes)
        boundary.answer("cloudwatch:GetMetricData", self._spent)

    def hears(self, endpoint: str) -> bool:
        """Whether a message that is sent to it now arrives."""
        return not any(self._is(why, endpoint) for why in Why)

    def measure(self) -> None:
        """What SNS puts into CloudWatch: what SMS have cost this month."""
        spent = QUOTA_USD if any(self._began(u) for u in self._unreachable if u.why is Why.QUOTA) else SPENT_USD
        self._metrics.put(Metric.of("AWS/SNS", "SMSMonthToDateSpentUSD"), spent, self._time.now)

    def _is(self, why: Why, endpoint: str = "") -> bool:
        """Whether ``why`` holds now, for ``endpoint`` or for anybody."""
        return any(self._holds(u) and (not endpoint or _names(u, endpoint)) for u in self._unreachable if u.why is why)

    def _began(self, unreachable: Unreachable) -> bool:
        return self._time.now - self._start >= unreachable.at

    def _holds(self, unreachable: Unreachable) -> bool:
        over = unreachable.lasts is not None and self._time.now - self._start >= unreachable.at + unreachable.lasts
        return self._began(unreachable) and not over

    def _attributes(self, _: Params) -> Response:
        """The quota; what is spent stays spent, so that only a greater one ends the trouble."""
        over = any(self._began(u) and not self._holds(u) for u in self._unreachable if u.why is Why.QUOTA)
        return {"attributes": {"MonthlySpendLimit": f"{RAISED_USD if over else QUOTA_USD:.0f}"}}

    def _list(self, params: Params) -> Response:
        found = [s for s in self._subscriptions if s.topic_arn == params["TopicArn"]]
        return {"Subscriptions": [entry for s in found for entry in self._entry(s)]}

    def _entry(self, subscription: Subscription) -> Sequence[dict[str, str]]:
        endpoint, arn = subscription.endpoint, f"{subscription.topic_arn}:{crc32(subscription.endpoint.encode()):08x}"
        if self._is(Why.UNSUBSCRIBED, endpoint):
            return ()
        if self._is(Why.UNCONFIRMED, endpoint):
            if self._time.now - self._start >= FORGOTTEN_AFTER:
                return ()
            arn = "PendingConfirmation"
        topic = subscription.topic_arn
        named = {"SubscriptionArn": arn, "Endpoint": endpoint, "Protocol": subscription.protocol}
        return ({**named, "TopicArn": topic, "Owner": topic.split(":")[4]},)

    def _verified(self, _: Params) -> Response:
        numbers = sorted({s.endpoint for s in self._subscriptions if s.protocol == "sms"})
        return {
            "PhoneNumbers": [
                {"PhoneNumber": n, "Status": "Pending" if self._is(Why.SANDBOX, n) else "Verified"} for n in numbers
            ]
        }

    def _opted_out(self, params: Params) -> Response:
        return {"isOptedOut": self._is(Why.OPTED_OUT, params["phoneNumber"])}

    def _spent(self, params: Params) -> Response | None:
        """The quota's metric alone; all others are moto's to answer."""
        (query, *others) = params["MetricDataQueries"]
        asked = query.get("MetricStat", {}).get("Metric", {})
        if others or asked.get("Namespace") != "AWS/SNS":
            return None
        value = self._metrics.statistic(
            Metric.of("AWS/SNS", asked["MetricName"]), "Maximum", params["StartTime"], params["EndTime"]
        )
        return {"MetricDataResults": [{"Id": query["Id"], "Values": [] if value is None else [value]}]}


def _names(unreachable: Unreachable, endpoint: str) -> bool:
    return any(fnmatchcase(endpoint, pattern) for pattern in unreachable.on)
