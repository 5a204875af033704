"""Real event samples against the synthesized patterns, by the matcher of moto."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from moto.events.models import EventPattern

from sim.template import ACCOUNT
from tests.contract.saying import PATTERNS, TARGETS
from tests.infra.synthesized import Synthesized

Event = Any
"""Moto has a type of its own for what is just JSON."""

EVENTS = Path(__file__).parent.parent / "events"

RULES = {
    "alarm": "AlarmRule",
    "contributor": "ContributorRule",
    "state": "StateRule",
    "health": "HealthRule",
    "approval": "ApprovalRule",
    "drill": "ApprovalRule",
    "publish": "PublishRule",
    "canary": "CanaryRule",
}
"""Kind of sample, as its file's name begins, to the one rule that must match it."""

PENDING = "state-pending.json"


def sample(name: str, **detail: object) -> Event:
    event: Event = json.loads((EVENTS / name).read_text())
    return event | {"detail": event["detail"] | detail}


def matching(stack: Synthesized, event: Event) -> list[str]:
    rules = stack.of("AWS::Events::Rule").items()
    return [
        next(rule for rule in set(RULES.values()) if rule in logical_id)
        for logical_id, rule in rules
        if EventPattern.load(json.dumps(deployed(rule["EventPattern"]))).matches_event(event)
    ]


def deployed(pattern: Event) -> Event:
    """As CloudFormation hands it to EventBridge."""
    assert pattern["account"] == [{"Ref": "AWS::AccountId"}]
    return pattern | {"account": [ACCOUNT]}


@pytest.mark.parametrize("name", sorted(path.name for path in EVENTS.glob("*.json") if path.name != PENDING))
def test_each_sample_reaches_signals_by_one_rule(stack: Synthesized, name: str) -> None:
    assert matching(stack, sample(name)) == [RULES[name.partition("-")[0]]]


@pytest.mark.parametrize("name", sorted(path.name for path in EVENTS.glob("*.json")))
def test_an_event_of_another_account_reaches_nobody(stack: Synthesized, name: str) -> None:
    assert matching(stack, sample(name) | {"account": "210987654321"}) == []


def test_every_rule_has_a_sample(stack: Synthesized) -> None:
    kinds = {path.name.partition("-")[0] for path in EVENTS.glob("*.json")}

    assert kinds == set(RULES)
    assert len(stack.of("AWS::Events::Rule")) == len(set(RULES.values()))


UNCONCERNED = {
    "an instance that begins to start": sample(PENDING),
    "an alarm without data": sample("alarm-instance.json", state={"value": "INSUFFICIENT_DATA"}),
    "an alarm about Defib itself": sample("alarm-instance.json", alarmName="Defib-WatchSweepHeartbeat5C853206-1A2B3C"),
    "an alarm grouped by something else": sample(
        "contributor-alarm.json", alarmContributor={"id": "6d442278dba546f6", "attributes": {"TableName": "cases"}}
    ),
    "an alarm grouped by nothing": sample("contributor-alarm.json", alarmContributor={"id": "x", "attributes": {}}),
    "a notice to the account's owner": sample("health-retirement.json", eventTypeCategory="accountNotification"),
    "trouble of another service": sample("health-operational-issue.json", service="RDS"),
    "an event of our own making": sample("state-stopped.json") | {"source": "my.application"},
    "another word from the same people": sample("approval-given.json") | {"detail-type": "Lunch"},
    "a yes of somebody else's making": sample("approval-given.json") | {"source": "my.application"},
    "another event of EC2": sample("state-stopped.json") | {"detail-type": "EC2 Spot Instance Interruption Warning"},
}


@pytest.mark.parametrize("event", UNCONCERNED.values(), ids=UNCONCERNED.keys())
def test_what_does_not_concern_instances_reaches_nobody(stack: Synthesized, event: Event) -> None:
    assert matching(stack, event) == []


def test_an_event_is_tried_for_a_quarter_of_an_hour_and_then_kept(stack: Synthesized) -> None:
    queues = {stack.id_of("AWS::SQS::Queue", part) for part in ("SignalsQueue", "StatusPageTurnsQueue")}
    undelivered = stack.id_of("AWS::SQS::Queue", "SetAsideUndelivered")

    for key, rule in stack.of("AWS::Events::Rule").items():
        (target,) = rule["Targets"]
        assert target["Arn"]["Fn::GetAtt"][0] in queues
        if RULES["canary"] in key:
            continue
        assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 10}
        assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [undelivered, "Arn"]}}


def test_a_canary_is_given_up_before_the_next_one_comes(stack: Synthesized) -> None:
    (target,) = stack.one("AWS::Events::Rule", RULES["canary"])["Targets"]

    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 2}
    assert "DeadLetterConfig" not in target, "who sent it misses it; kept, it would only be noise"


@pytest.mark.parametrize("name", PATTERNS)
def test_the_rules_for_what_people_say_are_those_that_memory_is_held_to(stack: Synthesized, name: str) -> None:
    rule = stack.one("AWS::Events::Rule", name)
    (target,) = rule["Targets"]
    (queue, _) = target["Arn"]["Fn::GetAtt"]
    function, group = TARGETS[name]
    fed = {
        poll["EventSourceArn"]["Fn::GetAtt"][0]: poll for poll in stack.of("AWS::Lambda::EventSourceMapping").values()
    }
    assert deployed(rule["EventPattern"]) == PATTERNS[name]
    assert target.get("SqsParameters", {}).get("MessageGroupId", "") == group
    assert stack.of("AWS::Lambda::Function")[fed[queue]["FunctionName"]["Ref"]] == stack.function(function)
