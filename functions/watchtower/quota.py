"""How SMS stand in one Region: what they may cost in a month, what they have cost, and whether all phones get them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from watchtower.asking import Asking
from watchtower.model import Texts, Unknown

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sns import SNSClient


def texts_in(
    asking: Asking, region: str, sns: SNSClient, cloudwatch: CloudWatchClient, now: datetime
) -> Texts | Unknown:
    """How they stand, or who did not say."""
    whom = f"SNS in {region}"
    quota = asking.ask(whom, lambda: _quota(sns))
    sandbox = asking.ask(whom, lambda: bool(sns.get_sms_sandbox_account_status()["IsInSandbox"]))
    spent = asking.ask(f"CloudWatch in {region}", lambda: _spent(cloudwatch, now))
    if isinstance(quota, Unknown):
        return quota
    if isinstance(sandbox, Unknown):
        return sandbox
    if isinstance(spent, Unknown):
        return spent
    return Texts(spent, quota, sandbox)


def _quota(sns: SNSClient) -> float:
    """One US dollar until AWS has raised it (SNS Developer Guide, Setting SMS preferences)."""
    answer = sns.get_sms_attributes(attributes=["MonthlySpendLimit"])
    return float(answer.get("attributes", {}).get("MonthlySpendLimit") or 1)


def _spent(cloudwatch: CloudWatchClient, now: datetime) -> float:
    """US dollars of this month: the newest day's. In its first minutes the last total of the one before may be told."""
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    answer = cloudwatch.get_metric_statistics(
        Namespace="AWS/SNS",
        MetricName="SMSMonthToDateSpentUSD",
        StartTime=month,
        EndTime=max(now, month + timedelta(minutes=1)),
        Period=86_400,
        Statistics=["Maximum"],
    )
    newest = max(answer["Datapoints"], key=lambda point: point["Timestamp"], default=None)
    return newest["Maximum"] if newest is not None else 0.0
