"""What the synthesized template will create, in plain words, and what that costs a month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

PRICES_OF = "us-east-1, November 2026"

ALARM = 0.10
QUICK_ALARM = 0.30
"""Of high resolution; none of them is free."""
ALARMS_FREE = 10
METRIC = 0.30
METRICS_FREE = 10
LAMBDA_GB_SECOND = 0.0000133334
LAMBDA_REQUEST = 0.20 / 1e6
SQS_REQUEST = 0.40 / 1e6
SQS_REQUESTS_FREE = 1_000_000

MINUTES = 43_200
"""In a month of 30 days."""
SWEEP_SECONDS = 0.6
"""Assumed length of one sweep: five filtered calls."""
POLLS = 5 * 3 * MINUTES
"""Lambda polls a quiet queue with five connections, each call lasting 20 s."""
STEADY_METRICS = 2
"""SweepCompleted and Suspects, and CanaryReceived with a watchtower; the others cost only in hours when something
happens."""

EVENT = 1.0 / 1e6
TABLE_WRITE = 0.625 / 1e6
CLOUDWATCH_REQUEST = 0.01 / 1e3
CLOUDWATCH_REQUESTS_FREE = 1_000_000
"""GetMetricData is never free; neither it nor what costs as much is asked for."""
CANARY_SECONDS = 0.1
"""Assumed length of a canary's stay in each of its two functions."""
CANARY_REQUESTS = 4
"""Sent to two queues and deleted from them; what receives it polls anyway."""
LOOK_SECONDS = 1.2
"""Assumed length of a look: about a dozen calls, most of them to another Region."""
LOOK_REQUESTS = {True: 3, False: 1}
"""To CloudWatch, by whether anybody is told by SMS: the alarms, and what was spent in each of two Regions."""

S3_PUT = 5.0 / 1e6
SECRET = 0.40
PAGE_LOOK_SECONDS = 0.1
"""Assumed length of a look at an unchanged page: a read of the table and one of S3."""
PAGE_RENEWALS = MINUTES // 5
PAGE_PUTS = 2
"""The main page and the manifest: what a renewal replaces when nothing has changed."""

WORDS = {
    "AWS::CloudFront::Distribution": "CloudFront distribution",
    "AWS::CloudWatch::Alarm": "CloudWatch alarm",
    "AWS::DynamoDB::GlobalTable": "DynamoDB table",
    "AWS::Events::Rule": "EventBridge rule",
    "AWS::IAM::Role": "IAM role",
    "AWS::Lambda::Function": "Lambda function",
    "AWS::Logs::LogGroup": "log group",
    "AWS::S3::Bucket": "S3 bucket",
    "AWS::SNS::Subscription": "SNS subscription",
    "AWS::SNS::Topic": "SNS topic",
    "AWS::SQS::Queue": "SQS queue",
    "AWS::Scheduler::Schedule": "schedule",
}
"""Policies, mappings and other parts of these are not worth a person's attention."""

Resource = Mapping[str, object]
Template = Mapping[str, Mapping[str, Resource]]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that costs, in dollars a month, and how much of it the free tier pays."""

    what: str
    usd: float
    free: float = 0.0


def creates(template: Template) -> str:
    """The resources a person would name, counted: ``23 CloudWatch alarms, 5 Lambda functions, …``."""
    counts = Counter(str(resource["Type"]) for resource in template["Resources"].values())
    named = sorted((WORDS[kind], count) for kind, count in counts.items() if kind in WORDS)
    return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for word, count in named)


def costs(template: Template) -> Iterator[Line]:
    """What a quiet month costs; incidents and the fleet alarm come on top (``extras``)."""
    quick = len(_quick_alarms(template))
    alarms = len(_of(template, "AWS::CloudWatch::Alarm")) - len(_fleet_alarms(template)) - quick
    yield Line(f"{alarms} alarms", alarms * ALARM, min(alarms, ALARMS_FREE) * ALARM)
    yield Line(f"{quick} alarms of high resolution, on silence", quick * QUICK_ALARM)
    watched = _is_watched(template)
    metrics = STEADY_METRICS + watched
    yield Line(f"{metrics} custom metrics", metrics * METRIC, min(metrics, METRICS_FREE) * METRIC)
    sweep = MINUTES * (LAMBDA_REQUEST + SWEEP_SECONDS * _sweep_gb(template) * LAMBDA_GB_SECOND)
    yield Line(f"{MINUTES:,} sweeps", sweep, sweep)
    if _of(template, "AWS::CloudFront::Distribution"):
        looks = MINUTES * (LAMBDA_REQUEST + PAGE_LOOK_SECONDS * 0.5 * LAMBDA_GB_SECOND)
        puts = PAGE_RENEWALS * PAGE_PUTS * S3_PUT
        yield Line(f"the status page, {MINUTES:,} looks and {PAGE_RENEWALS:,} renewals", looks + puts, looks)
    followers = sum("elsewhere" in str(f["Handler"]) for f in _of(template, "AWS::Lambda::Function"))
    if followers:
        turns = followers * MINUTES * (LAMBDA_REQUEST + PAGE_LOOK_SECONDS * 0.5 * LAMBDA_GB_SECOND)
        yield Line(f"{followers} other pages, {MINUTES:,} turns each", turns, turns)
        yield Line(f"{followers} secrets", followers * SECRET)
    polls = POLLS * len(_of(template, "AWS::Lambda::EventSourceMapping"))
    yield Line(f"{polls / 1e6:.1f} million polls of queues", polls * SQS_REQUEST, SQS_REQUESTS_FREE * SQS_REQUEST)

    if watched:
        functions = 2 * (LAMBDA_REQUEST + CANARY_SECONDS * 0.5 * LAMBDA_GB_SECOND)
        way = EVENT + CANARY_REQUESTS * SQS_REQUEST + 2 * TABLE_WRITE
        yield Line(f"{MINUTES:,} canaries of the watchtower", MINUTES * (functions + way), MINUTES * functions)


def watchtower_costs(template: Template) -> Iterator[Line]:
    """What a quiet month of the watchtower's stack costs. Its one alarm finds the free ones used up by the first."""
    yield Line("the watchtower's alarm, of high resolution", QUICK_ALARM)
    yield Line("its custom metric", METRIC, METRIC)
    (function,) = _of(template, "AWS::Lambda::Function")
    look = MINUTES * (LAMBDA_REQUEST + LOOK_SECONDS * float(str(function["MemorySize"])) / 1024 * LAMBDA_GB_SECOND)
    yield Line(f"{MINUTES:,} looks", look, look)
    texts = any(subscription["Protocol"] == "sms" for subscription in _of(template, "AWS::SNS::Subscription"))
    requests = MINUTES * LOOK_REQUESTS[texts]
    free = min(requests, CLOUDWATCH_REQUESTS_FREE)
    yield Line(f"{requests:,} questions to CloudWatch", requests * CLOUDWATCH_REQUEST, free * CLOUDWATCH_REQUEST)


def extras(template: Template) -> Iterator[str]:
    """What depends on the fleet and its luck."""
    if _fleet_alarms(template):
        yield (
            f"${ALARM:.2f} for each running instance of the Region, by the fleet alarm "
            "(fleet_alarm = false under [detection] does without)"
        )
    yield "less than $0.01 for each repair, and about $0.01 for each SMS in the United States"
    yield "logs, table and evidence: cents, unless much breaks"


def _of(template: Template, kind: str) -> list[Mapping[str, object]]:
    found = (resource for resource in template["Resources"].values() if resource["Type"] == kind)
    return [properties for resource in found if isinstance(properties := resource["Properties"], Mapping)]


def _is_watched(template: Template) -> bool:
    return any(key.startswith("Watched") for key in template["Resources"])


def _quick_alarms(template: Template) -> list[Mapping[str, object]]:
    return [alarm for alarm in _of(template, "AWS::CloudWatch::Alarm") if "FILL" in str(alarm.get("Metrics", ""))]


def _fleet_alarms(template: Template) -> list[Mapping[str, object]]:
    return [alarm for alarm in _of(template, "AWS::CloudWatch::Alarm") if "SELECT" in str(alarm.get("Metrics", ""))]


def _sweep_gb(template: Template) -> float:
    functions = _of(template, "AWS::Lambda::Function")
    sweep = next(function for function in functions if function["Handler"] == "defib.handlers.sweep.lambda_handler")
    return float(str(sweep["MemorySize"])) / 1024
