"""What the synthesized template will create, in plain words, and what that costs a month."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from infra.prices import PRICES, Item

QUICK_PERIODS = (10, 20, 30)
"""Of alarms of high resolution, in seconds (CloudWatch API, PutMetricAlarm)."""
MINUTES = 43_200
"""In a month of 30 days."""
GB = 10**9
SWEEP_SECONDS = 0.7
"""Length of one sweep: six calls of EC2, and the table. This and the other lengths are the replay's (docs/cost.md)."""
POLLS = 5 * 3 * MINUTES
"""Lambda polls a quiet queue with five connections, each call lasting 20 s."""
STEADY_METRICS = 2
"""SweepCompleted and Suspects, and CanaryReceived with a watchtower; the others cost only in hours when something
happens."""
TABLE_READS = 7
"""By a minute's sweep: most of them ask the index what is due. This and the other numbers of calls are the replay's."""
LOG_BYTES, PAGE_LOG_BYTES, CANARY_LOG_BYTES = 1_070, 500, 4_000
"""A minute, with what Lambda itself logs; a canary's with those of the watchtower's look."""
HANDED_ON = 3
"""Requests for one message to a function: it is sent, received and deleted."""

ASK_SECONDS = 0.07
"""Assumed length of one question to a load balancer between two sweeps."""
ASK_REQUESTS = 2
"""Received and deleted; those of one minute are sent in batches of ten."""
BATCH = 10

CANARY_SECONDS = 0.06
"""Length of a canary's stay in each of its functions."""
CANARY_FUNCTIONS = 6
"""diagnose at both ends of its way, and four that queues feed."""
DOORS = ("answer", "stashboard", "subscribe")
"""Functions that people reach over HTTPS; the watchtower knocks at each."""
CALL_SECONDS, CALL_READS, CALL_LOG_BYTES = 0.1, 52, 1_500
"""Of a call of the Stashboard API that reads all there is: 100 incidents of 2 KB, strongly consistent, which are 50
units, and little else. An estimate, where there have been as many incidents; no replay has it."""
CANARY_REQUESTS, CANARY_IN_ORDER = 11, 6
"""Sent to five queues, two of them in order, and back to the first, received and deleted there."""
CANARY_WAYS, CANARY_WRITES = 6, 2
"""Of each way word is left in the table, taken for as much as a write can be."""
CANARY_READS = 2
"""Of the table. The watchtower reads the page, too, if there is one."""
LOOK_SECONDS = 1.2
"""Assumed length of a look: about fifteen calls, most of them to another Region."""
LOOK_REQUESTS = {True: 3, False: 1}
"""To CloudWatch, by whether anybody is told by SMS: the alarms, and what was spent in each of two Regions."""

PAGE_LOOK_SECONDS = 0.1
"""Length of a look at an unchanged page: a read of the table and one of S3."""
COPY_SECONDS = 0.2
"""Length of the same at the copy, in another Region. A renewal takes as long again as a look, at either."""
REFRESH = timedelta(minutes=5)
"""As shipped."""
PAGE_PUTS = 2
"""The main page and the manifest: what a renewal replaces when nothing has changed."""
PAGE_READS = 1
"""Of S3, by a look and by a renewal besides; all of S3 once more for the copy."""
PAGE_TABLE_READS, RENEWAL_TABLE_READS = 5, 1
"""Of the table, as above."""

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


def costs(template: Template, asks: int = 0, refresh: timedelta = REFRESH) -> Iterator[Line]:
    """What a quiet month costs; incidents and the fleet alarm come on top (``extras``).

    ``asks`` is how many questions to load balancers follow each sweep (``Policy.asks_a_minute``); the page is renewed
    each ``refresh``.
    """
    quick = len(_quick_alarms(template))
    alarms = len(_of(template, "AWS::CloudWatch::Alarm")) - len(_fleet_alarms(template)) - quick
    yield _line(f"{alarms} alarms", Item.ALARM, alarms)
    yield _line(f"{quick} alarm{'s' if quick != 1 else ''} of high resolution, on silence", Item.QUICK_ALARM, quick)
    watched = _is_watched(template)
    metrics = STEADY_METRICS + watched
    yield _line(f"{metrics} custom metrics", Item.METRIC, metrics)
    sweep = _invocations(SWEEP_SECONDS, _sweep_gb(template))
    yield Line(f"{MINUTES:,} sweeps", sweep, sweep)
    has_page = bool(_of(template, "AWS::CloudFront::Distribution"))
    renewals = MINUTES // math.ceil(refresh / timedelta(minutes=1)) * has_page
    if has_page:
        copies = "DEFIB_PAGE_COPY" in str(_of(template, "AWS::Lambda::Function"))
        seconds = PAGE_LOOK_SECONDS + COPY_SECONDS * copies
        looks = _invocations(seconds, 0.5) + renewals * _usd(Item.LAMBDA_GB_SECOND, seconds * 0.5)
        objects = _usd(Item.S3_PUT, renewals * PAGE_PUTS) + _usd(Item.S3_GET, (MINUTES + renewals) * PAGE_READS)
        page = looks + objects * (1 + copies)
        yield Line(f"the status page, {MINUTES:,} looks and {renewals:,} renewals", page, looks)
    followers = _functions(template, "elsewhere")
    if followers:
        turns = followers * _invocations(PAGE_LOOK_SECONDS, 0.5)
        yield Line(f"{followers} other pages, {MINUTES:,} turns each", turns, turns)
    polled = _polled(template)
    requests = POLLS * (len(polled) - sum(polled)) + MINUTES * HANDED_ON * followers
    yield _line(f"{requests / 1e6:.1f} million requests to queues, most of them polls", Item.SQS_REQUEST, requests)
    in_order = POLLS * sum(polled) + MINUTES * HANDED_ON * has_page
    yield _line(f"{in_order / 1e6:.1f} million to queues in order, as well", Item.FIFO_REQUEST, in_order)
    reads = MINUTES * (TABLE_READS + PAGE_TABLE_READS * has_page) + renewals * RENEWAL_TABLE_READS
    yield _line(f"{reads:,.0f} reads of the table", Item.TABLE_READ, reads)
    yield _line(f"{MINUTES:,} invocations by the schedule", Item.SCHEDULE, MINUTES)
    logged = MINUTES * (LOG_BYTES + PAGE_LOG_BYTES * has_page + CANARY_LOG_BYTES * watched) / GB
    yield _line(f"{logged:.2f} GB of logs", Item.LOGS, logged)
    # Other pages' secrets are the operator's own, made by hand.
    secrets = len(_of(template, "AWS::SecretsManager::Secret")) + followers
    if secrets:
        yield _line(f"{secrets} secrets" if secrets > 1 else "1 secret", Item.SECRET, secrets)
    if asks:
        stay = _usd(Item.LAMBDA_REQUEST) + _usd(Item.LAMBDA_GB_SECOND, ASK_SECONDS * 0.5)
        sent = _usd(Item.SQS_REQUEST, asks * ASK_REQUESTS + -(-asks // BATCH))
        functions = MINUTES * asks * stay
        yield Line(f"{MINUTES * asks:,} questions to load balancers", functions + MINUTES * sent, functions)
    if watched:
        yield _canaries(template, followers, has_page)


def _canaries(template: Template, followers: int, has_page: bool) -> Line:
    """What the watchtower's looks have the first stack do."""
    doors, ways = _functions(template, *DOORS), CANARY_WAYS + followers
    stay = _usd(Item.LAMBDA_REQUEST) + _usd(Item.LAMBDA_GB_SECOND, CANARY_SECONDS * 0.5)
    functions = (CANARY_FUNCTIONS + followers + doors) * stay
    requests = CANARY_REQUESTS + HANDED_ON * followers
    way = _usd(Item.EVENT) + _usd(Item.TABLE_WRITE, ways * CANARY_WRITES)
    way += _usd(Item.SQS_REQUEST, requests) + _usd(Item.FIFO_REQUEST, CANARY_IN_ORDER)
    asked = _usd(Item.API_REQUEST, doors) + _usd(Item.TABLE_READ, CANARY_READS) + _usd(Item.S3_GET, has_page)
    return Line(f"{MINUTES:,} canaries of the watchtower", MINUTES * (functions + way + asked), MINUTES * functions)


def watchtower_costs(template: Template) -> Iterator[Line]:
    """What a quiet month of the watchtower's stack costs. Its one alarm finds the free ones used up by the first."""
    yield _line("the watchtower's alarm, of high resolution", Item.QUICK_ALARM, 1)
    yield Line("its custom metric", _usd(Item.METRIC), _usd(Item.METRIC))
    (function,) = _of(template, "AWS::Lambda::Function")
    look = _invocations(LOOK_SECONDS, float(str(function["MemorySize"])) / 1024)
    yield Line(f"{MINUTES:,} looks", look, look)
    texts = any(subscription["Protocol"] == "sms" for subscription in _of(template, "AWS::SNS::Subscription"))
    requests = MINUTES * LOOK_REQUESTS[texts]
    yield _line(f"{requests:,} questions to CloudWatch", Item.CLOUDWATCH_REQUEST, requests)


def _usd(item: Item, amount: float = 1.0) -> float:
    return amount * PRICES[item].usd


def _line(what: str, item: Item, amount: float) -> Line:
    return Line(what, _usd(item, amount), _usd(item, min(amount, PRICES[item].free)))


def _invocations(seconds: float, gb: float) -> float:
    """Once a minute, each so long."""
    return MINUTES * (_usd(Item.LAMBDA_REQUEST) + _usd(Item.LAMBDA_GB_SECOND, seconds * gb))


def extras(template: Template) -> Iterator[str]:
    """What depends on the fleet and its luck."""
    if _fleet_alarms(template):
        yield (
            f"${_usd(Item.FLEET_ALARM):.2f} for each running instance of the Region, by the fleet alarm "
            "(fleet_alarm = false under [detection] does without)"
        )
    if _functions(template, "stashboard"):
        rate = _calls_a_second(template)
        call = _usd(Item.API_REQUEST) + _usd(Item.LAMBDA_REQUEST) + _usd(Item.LAMBDA_GB_SECOND, CALL_SECONDS * 0.5)
        call += _usd(Item.TABLE_READ, CALL_READS) + _usd(Item.LOGS, CALL_LOG_BYTES / GB)
        yield (
            f"about ${60 * MINUTES * rate * call:.0f} at most if somebody reads by the Stashboard API {rate} times a "
            "second all month, as anybody may (api = false under [page] does without)"
        )
    yield "less than $0.01 for each repair, and about $0.01 for each SMS in the United States"
    yield "what incidents log, the table and the evidence: cents, unless much breaks"


def _calls_a_second(template: Template) -> int:
    """How many calls of the page's API are let through for long."""
    stages = [found for key, found in template["Resources"].items() if key.startswith("StashboardApiStage")]
    (limits,) = (stage["Properties"] for stage in stages)
    assert isinstance(limits, Mapping)
    return int(limits["DefaultRouteSettings"]["ThrottlingRateLimit"])


def _of(template: Template, kind: str) -> list[Mapping[str, object]]:
    found = (resource for resource in template["Resources"].values() if resource["Type"] == kind)
    return [properties for resource in found if isinstance(properties := resource["Properties"], Mapping)]


def _polled(template: Template) -> list[bool]:
    """Whether each queue that feeds a function keeps an order."""
    fed = [str(mapping["EventSourceArn"]) for mapping in _of(template, "AWS::Lambda::EventSourceMapping")]
    ordered = [key for key, one in template["Resources"].items() if "FifoQueue" in str(one.get("Properties", ""))]
    return [any(f"'{key}'" in arn for key in ordered) for arn in fed]


def _is_watched(template: Template) -> bool:
    return any(key.startswith("Watched") for key in template["Resources"])


def _quick_alarms(template: Template) -> list[Mapping[str, object]]:
    """Those on metrics of less than a minute."""
    found = re.compile(rf"'Period': ({'|'.join(str(seconds) for seconds in QUICK_PERIODS)})\b")
    return [alarm for alarm in _of(template, "AWS::CloudWatch::Alarm") if found.search(str(alarm.get("Metrics", "")))]


def _functions(template: Template, *handlers: str) -> int:
    """How many functions have one of these handlers."""
    named = {f"defib.handlers.{handler}.lambda_handler" for handler in handlers}
    return sum(function["Handler"] in named for function in _of(template, "AWS::Lambda::Function"))


def _fleet_alarms(template: Template) -> list[Mapping[str, object]]:
    return [alarm for alarm in _of(template, "AWS::CloudWatch::Alarm") if "SELECT" in str(alarm.get("Metrics", ""))]


def _sweep_gb(template: Template) -> float:
    functions = _of(template, "AWS::Lambda::Function")
    sweep = next(function for function in functions if function["Handler"] == "defib.handlers.sweep.lambda_handler")
    return float(str(sweep["MemorySize"])) / 1024
