"""The second stack: it shares nothing with the first, and may do what a look does and nothing else."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import get_session
from moto.sns.utils import FilterPolicyMatcher

from defib.core.incident import NoticeKind
from defib.publish.sns import CANARY, NOBODY
from infra.cost import watchtower_costs
from infra.synthesize import TEMPLATE, synthesize
from infra.watched import Reached, Seen, Way
from tests.infra.conftest import POLICY
from tests.infra.synthesized import Statement, Synthesized, listed
from watchtower import handler

FUNCTIONS = Path(__file__).parents[2] / "functions" / "watchtower"

READ_TARGETS = {
    ":parameter/defib/Defib/watched",
    ":event-bus/default",
    ":table/Defib-*",
    ":alarm:*",
    ":Defib-*",
}
"""All that the watchtower knows of the watched stack."""


def statements(tower: Synthesized) -> list[Statement]:
    (role,) = (role for role in tower.roles() if "SchedulerRole" not in role)
    return [s for s in tower.roles()[role] if not str(listed(s["Action"])[0]).startswith("logs:")]


def granted(tower: Synthesized, action: str) -> Statement:
    (found,) = (s for s in statements(tower) if action in listed(s["Action"]))
    return found


def test_it_is_in_its_region_and_the_watched_stack_is_in_its(tower: Synthesized) -> None:
    manifest = json.loads((tower.assembly / "manifest.json").read_text())["artifacts"]

    assert manifest["DefibWatchtower"]["environment"] == "aws://unknown-account/us-west-2"
    assert manifest["Defib"]["environment"] == "aws://unknown-account/us-east-1"
    assert "Defib" in manifest["DefibWatchtower"]["dependencies"], "deployed after what it watches"


def test_it_has_one_function_with_a_deadline_within_the_minute(tower: Synthesized) -> None:
    function = tower.one("AWS::Lambda::Function")
    schedule = tower.one("AWS::Scheduler::Schedule")
    invoke = tower.one("AWS::Lambda::EventInvokeConfig")

    assert function["Handler"] == "watchtower.handler.lambda_handler"
    assert function["Runtime"] == "python3.14"
    assert function["Architectures"] == ["arm64"]
    assert function["Timeout"] < 60
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert invoke["MaximumRetryAttempts"] == 0
    assert tower.one("AWS::Logs::LogGroup") == {"RetentionInDays": 14}


def test_nothing_of_the_first_stack_is_in_it_but_what_it_reads(tower: Synthesized, stack: Synthesized) -> None:
    text = json.dumps(tower.template["Resources"])
    there = {
        resource["Fn::Join"][1][-1]
        for statement in statements(tower)
        for resource in listed(statement["Resource"])
        if "us-east-1" in json.dumps(resource)
    }

    assert there == READ_TARGETS
    assert not [logical_id for logical_id in stack.template["Resources"] if f'"{logical_id}"' in text]
    assert "Fn::ImportValue" not in text
    assert "KmsMasterKeyId" not in text
    assert not tower.of("AWS::SQS::Queue")


THROUGH_SNS = {
    "sns:GetSMSAttributes": "sms-voice:DescribeSpendLimits",
    "sns:GetSMSSandboxAccountStatus": "sms-voice:DescribeAccountAttributes",
}
"""What SNS asks AWS End User Messaging in its name."""


def called() -> set[str]:
    """Every operation of AWS that the code names, as IAM calls it."""
    attributes = {
        node.attr
        for path in FUNCTIONS.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
    }
    session = get_session()
    return {
        f"{service}:{operation}"
        for service in ("cloudwatch", "dynamodb", "events", "sns", "ssm")
        for operation in session.get_service_model(service).operation_names
        if xform_name(operation) in attributes
    }


def test_it_may_do_exactly_what_its_code_calls(tower: Synthesized) -> None:
    passed_on = {implied for action, implied in THROUGH_SNS.items() if action in called()}
    allowed = {action for statement in statements(tower) for action in listed(statement["Action"])}

    assert called() | passed_on == allowed
    assert granted(tower, "sms-voice:DescribeSpendLimits")["Condition"] == {
        "StringEquals": {"aws:CalledViaLast": "sns.amazonaws.com"}
    }


def test_all_it_can_do_in_the_watched_region_is_read_and_put_canaries(tower: Synthesized) -> None:
    there = [s for s in statements(tower) if "us-east-1" in json.dumps(s)]
    changes = {a for s in there for a in listed(s["Action"]) if not re.search(r":(Get|List|Describe|Query)", a)}

    assert changes == {"events:PutEvents"}
    assert granted(tower, "events:PutEvents")["Condition"] == {
        "StringEquals": {"events:source": "defib.watchtower", "events:detail-type": "Canary"}
    }


def test_of_the_watched_table_it_reads_the_heartbeats_and_no_case(tower: Synthesized) -> None:
    assert granted(tower, "dynamodb:Query")["Condition"] == {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["HEARTBEAT"]}
    }


def test_what_aws_cannot_scope_is_read_in_the_regions_concerned_only(tower: Synthesized) -> None:
    found = {
        tuple(listed(statement["Condition"]["StringEquals"]["aws:RequestedRegion"])): listed(statement["Action"])
        for statement in statements(tower)
        if "*" in listed(statement["Resource"]) and not {*listed(statement["Action"])} & {*THROUGH_SNS.values()}
    }

    assert found.keys() == {("us-east-1",), ("us-east-1", "us-west-2")}
    assert found["us-east-1",] == ["events:ListRules"]
    assert all(re.search(r":Get(Metric|SMS)", action) for action in found["us-east-1", "us-west-2"])


def test_everybody_hears_it_and_phones_only_what_is_grave(tower: Synthesized) -> None:
    findings = {"Ref": tower.id_of("AWS::SNS::Topic", "Findings")}
    subscriptions = list(tower.of("AWS::SNS::Subscription").values())
    filters = {s["Endpoint"]: s.get("FilterPolicy") for s in subscriptions if s["TopicArn"] == findings}

    assert filters == {
        "oncall@defib.test": None,
        "dba@defib.test": None,
        "spare@defib.test": None,
        "+12025550123": {"weight": ["grave"]},
        "https://events.defib.test/defib": None,
    }
    assert len(subscriptions) == 2 * len(filters)


def test_its_own_death_is_told_by_an_alarm_with_a_topic_of_its_own_and_no_function_between(tower: Synthesized) -> None:
    alarm = tower.one("AWS::CloudWatch::Alarm")
    heartbeat = {"Ref": tower.id_of("AWS::SNS::Topic", "Heartbeat")}
    policy = tower.one("AWS::SNS::TopicPolicy", "Heartbeat")["PolicyDocument"]["Statement"]
    (allowed,) = (s for s in policy if s["Effect"] == "Allow")

    assert silence(alarm) == (handler.METRICS_NAMESPACE, handler.METRIC, handler.SERVICE)
    assert alarm["AlarmActions"] == alarm["OKActions"] == [heartbeat]
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}


def test_only_the_watchtower_may_use_its_findings_topic(tower: Synthesized) -> None:
    policy = tower.one("AWS::SNS::TopicPolicy", "Findings")["PolicyDocument"]["Statement"]
    (only,) = (s for s in policy if s.get("Sid") == "OnlyTheWatchtowerPublishes")
    (role, _) = tower.one("AWS::Lambda::Function")["Role"]["Fn::GetAtt"]

    assert only["Effect"] == "Deny"
    assert only["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": {"Fn::GetAtt": [role, "Arn"]}}}
    policies = tower.of("AWS::SNS::TopicPolicy").values()
    assert sorted(topic["Ref"] for found in policies for topic in found["Topics"]) == sorted(
        tower.of("AWS::SNS::Topic")
    )
    for topic in policies:
        conditions = [s.get("Condition") for s in topic["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in conditions


def test_the_watched_stack_says_what_its_parts_are_called(stack: Synthesized) -> None:
    value = told_names(stack)

    assert stack.one("AWS::SSM::Parameter", "Watched")["Name"] == "/defib/Defib/watched"
    assert value["table"] == f"<{stack.id_of('AWS::DynamoDB::GlobalTable', 'Cases')}>"
    assert set(stack.of("AWS::SNS::Topic")) == {arn.strip("<>") for arn in value["topics"].values()}
    assert value["page"].startswith("https://<")


def test_the_watched_stack_misses_the_watchtowers_canaries_without_a_function(stack: Synthesized) -> None:
    alarm = stack.one("AWS::CloudWatch::Alarm", "CanaryHeartbeat")

    assert silence(alarm) == ("Defib", "CanaryReceived", "diagnose")


def wanting(stack: Synthesized, **attributes: str) -> list[dict[str, Any]]:
    """The subscriptions of the incidents topic that a message with ``attributes`` reaches."""
    incidents = {"Ref": stack.id_of("AWS::SNS::Topic", "Incidents")}
    given = {name: {"Type": "String", "Value": value} for name, value in attributes.items()}
    found = [s for s in stack.of("AWS::SNS::Subscription").values() if s["TopicArn"] == incidents]
    return [s for s in found if FilterPolicyMatcher(s["FilterPolicy"], "MessageAttributes").matches(given, "")]


def test_a_canary_reaches_nobody_and_comes_back_by_the_first_queue(stack: Synthesized) -> None:
    signals = stack.id_of("AWS::SQS::Queue", "SignalsQueue")

    (back,) = wanting(stack, notice=CANARY, service=NOBODY)

    assert (back["Protocol"], back["Endpoint"]) == ("sqs", {"Fn::GetAtt": [signals, "Arn"]})
    assert back["RawMessageDelivery"] is True


@pytest.mark.parametrize("kind", NoticeKind)
def test_no_word_to_people_comes_back_by_the_first_queue(stack: Synthesized, kind: NoticeKind) -> None:
    assert not [s for s in wanting(stack, notice=kind, service="web", contact="x") if s["Protocol"] == "sqs"]


def test_of_all_topics_the_incidents_alone_may_put_on_the_first_queue(stack: Synthesized) -> None:
    incidents = {"Ref": stack.id_of("AWS::SNS::Topic", "Incidents")}
    signals = {"Ref": stack.id_of("AWS::SQS::Queue", "SignalsQueue")}
    policies = [p for p in stack.of("AWS::SQS::QueuePolicy").values() if signals in p["Queues"]]
    allowed = [
        s
        for policy in policies
        for s in policy["PolicyDocument"]["Statement"]
        if s.get("Principal") == {"Service": "sns.amazonaws.com"}
    ]

    assert [(s["Action"], s["Condition"]) for s in allowed] == [
        ("sqs:SendMessage", {"ArnEquals": {"aws:SourceArn": incidents}})
    ]


def test_without_a_watchtower_nothing_of_its_canaries_is_deployed(tmp_path: Path) -> None:
    off = re.sub(r"(?s)\[watchtower\].*?\n\n", "", POLICY.read_text())
    (tmp_path / "policy.toml").write_text(off)
    alone = Synthesized.load(synthesize(tmp_path / "policy.toml", tmp_path / "out"), TEMPLATE)

    assert not [s for s in alone.of("AWS::SNS::Subscription").values() if s["Protocol"] == "sqs"]
    assert not [key for key in alone.template["Resources"] if "Canary" in key or "Watched" in key]


def test_every_queue_but_the_first_is_a_way_that_canaries_come(stack: Synthesized, tower: Synthesized) -> None:
    assert settings(tower)["ways"] == [
        ["orders", "remediate", ""],
        ["evidence", "evidence", ""],
        ["notices", "publish", ""],
        ["turns", "page", ""],
        ["incidents", "diagnose", "notices"],
    ]


def test_every_rule_and_every_function_behind_an_api_is_looked_at(stack: Synthesized, tower: Synthesized) -> None:
    value = told_names(stack)

    assert len(settings(tower)["rules"]) == len(stack.of("AWS::Events::Rule"))
    assert set(value["rules"]) == set(settings(tower)["rules"])
    assert set(stack.of("AWS::Events::Rule")) == {name.strip("<>") for name in value["rules"].values()}
    assert settings(tower)["doors"] == ["answer", "stashboard", "subscribe"]
    assert [(door["function"], door["method"], door["status"]) for door in value["doors"]] == [
        ("answer", "PUT", 405),
        ("stashboard", "GET", 200),
        ("subscribe", "POST", 415),
    ]


def test_both_stacks_say_alike_what_is_there_to_be_watched_and_from_where(
    stack: Synthesized, tower: Synthesized
) -> None:
    value = told_names(stack)

    assert value["seen"] == settings(tower)["seen"]
    assert value["tower"] == settings(tower)["region"] == "us-west-2"


@pytest.mark.parametrize(
    "changes",
    [
        {"reached": ()},
        {"alarms": 27},
        {"ways": (Way("notices", "publish"),)},
        {"rules": ()},
        {"doors": ("answer", "subscribe")},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_whatever_else_is_there_to_be_watched_is_said_otherwise(changes: dict[str, Any]) -> None:
    seen = Seen("Defib", (Reached("Alerts", "email", "a@defib.test"),), 28, (), ("StateRule",), ("answer",))

    assert replace(seen, **changes).digest != seen.digest


def test_it_costs_little(tower: Synthesized) -> None:
    lines = {line.what: line for line in watchtower_costs(tower.template)}

    assert lines["43,200 looks"].usd < 0.25
    assert lines["129,600 questions to CloudWatch"].usd < 1.50
    assert sum(line.usd for line in lines.values()) < 2.50
    assert sum(line.usd - line.free for line in lines.values()) < 0.45


def told_names(stack: Synthesized) -> Any:
    """What the watched stack says, with references in brackets."""
    parts = stack.one("AWS::SSM::Parameter", "Watched")["Value"]["Fn::Join"][1]
    return json.loads("".join(part if isinstance(part, str) else f"<{next(iter(part.values()))}>" for part in parts))


def settings(tower: Synthesized) -> Any:
    """What lies beside the watchtower's code."""
    (asset,) = (path for path in tower.assembly.glob("asset.*/settings.json"))
    return json.loads(asset.read_text())


def silence(alarm: dict[str, Any]) -> tuple[str, str, str]:
    """Of which namespace, metric and service the silence is told of, within 150 seconds and with nothing missing."""
    filled, beats = alarm["Metrics"]
    assert filled["Expression"] == "FILL(beats, 0)"
    assert beats["MetricStat"]["Period"] * alarm["EvaluationPeriods"] == 150
    assert (alarm["TreatMissingData"], alarm["ComparisonOperator"]) == ("breaching", "LessThanThreshold")
    metric = beats["MetricStat"]["Metric"]
    (dimension,) = metric["Dimensions"]
    assert dimension["Name"] == "service"
    return metric["Namespace"], metric["MetricName"], dimension["Value"]
