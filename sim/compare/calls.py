"""AWS API calls of Defib's functions, counted in replays at the boto3 boundary, beside the least that would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from sim.compare.fault_class import class_named
from sim.compare.run import Calls
from sim.replay import replay

LASTS = timedelta(minutes=30)
WARM_UP = timedelta(minutes=10)
"""After which everything has been asked, and laid out, for the first time."""
SEED = 430


@dataclass(frozen=True, slots=True)
class Least:
    """The fewest calls of one kind with which anybody could do it at all, and what Defib's others are for."""

    idle: int
    """In an idle minute."""
    heal: int
    """For a zombie that a reboot does not cure."""
    why: str


LEAST: Mapping[str, Least] = {
    "ec2:DescribeInstanceStatus": Least(
        1,
        1,
        "One unfiltered call names a thousand instances, whatever they do. A sweep asks by check and by event instead, "
        "five calls at any size: EC2's filters can't be joined by *or*. A look is one call, and one for the peers.",
    ),
    "ec2:DescribeInstances": Least(
        0, 1, "What is stopped has no checks, so a sweep asks for it. A look is one call, and one for the peers."
    ),
    "elbv2:DescribeTargetHealth": Least(
        0, 1, "A look is one call a group, of one in trouble for all its targets; each minute one for who is a member."
    ),
    "ec2:RebootInstances": Least(0, 1, "The reboot."),
    "ec2:StopInstances": Least(0, 1, "The stop."),
    "ec2:StartInstances": Least(0, 1, "The start."),
    "sns:Publish": Least(0, 2, "It has begun, and is over; a stop is said, too."),
    "elbv2:DeregisterTargets": Least(0, 0, "Requests under way are let finish before the stop."),
    "elbv2:RegisterTargets": Least(0, 0, "What was taken is put back."),
    "elbv2:DescribeTargetGroups": Least(0, 0, "Where it serves, each minute, if the policy names no target groups."),
    "elbv2:DescribeTags": Least(0, 0, "Whether a target group may be touched, each minute."),
    "ec2:DescribeInstanceAttribute": Least(0, 0, "Whether a stop is forbidden, twice a minute while one is near."),
    "ec2:DescribeInstanceTypes": Least(0, 0, "Whether a stop would lose an instance store: once a function a day."),
    "ec2:GetConsoleOutput": Least(0, 0, "Evidence, before the stop destroys it."),
    "ec2:GetConsoleScreenshot": Least(0, 0, "Evidence."),
    "cloudwatch:GetMetricData": Least(0, 0, "Evidence; once an hour what SMS have cost."),
    "ssm:GetParameter": Least(0, 0, "The kill switch, before each decision to act and each act."),
    "dynamodb:Query": Least(
        0,
        0,
        "A sweep reads what is due: cases, notices, calls, contacts; the page, each service's incident. A look reads "
        "case and incident anew, since others may have written.",
    ),
    "dynamodb:GetItem": Least(0, 0, "What holds for the whole stack, whom drills have reached, what the page shows."),
    "dynamodb:TransactWriteItems": Least(0, 0, "Each decision with incident, notices and trail, before it is sent."),
    "dynamodb:PutItem": Least(0, 0, "Each decision that changes only the case; evidence; word of the sweep."),
    "dynamodb:UpdateItem": Least(0, 0, "That a notice went out."),
    "sqs:SendMessage": Least(0, 0, "Wake-ups, orders, results, notices, the page's turns."),
    "sqs:SendMessageBatch": Least(0, 0, "A sweep's signals."),
    "s3:GetObject": Least(0, 0, "Whether the page shows what it should, each minute."),
    "s3:PutObject": Least(0, 0, "The page, laid out anew when it changes and every five minutes; evidence."),
    "sns:ListSubscriptionsByTopic": Least(0, 0, "Once an hour: whether everybody can be reached."),
    "sns:CheckIfPhoneNumberIsOptedOut": Least(0, 0, "Once an hour, likewise."),
    "sns:GetSMSAttributes": Least(0, 0, "Once an hour, likewise."),
    "sns:GetSMSSandboxAccountStatus": Least(0, 0, "Once an hour, likewise."),
}
"""The least is with what the floor does (docs/comparison.md): it remembers and proves nothing, and tells
people twice."""


def counted() -> Calls:
    """The calls of idle minutes, once Defib has begun, and what one heal adds to them."""
    scenario = replace(class_named("zombie").scenario(SEED), until=LASTS)
    broken = replay(scenario, "zombie", seed=SEED).totals.calls
    idle = replay(replace(scenario, faults=()), "idle", seed=SEED).totals.calls
    first = replay(replace(scenario, faults=(), until=WARM_UP), "idle", seed=SEED).totals.calls
    heal = {name: broken.get(name, 0) - idle.get(name, 0) for name in sorted({*broken, *idle})}
    return Calls((LASTS - WARM_UP) // timedelta(minutes=1), dict(Counter(idle) - Counter(first)), heal)
