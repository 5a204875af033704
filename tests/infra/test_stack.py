from __future__ import annotations

import json
import math
import re
from datetime import timedelta
from typing import Any

import pytest
from moto.sns.utils import FilterPolicyMatcher

from defib.core.medium import Medium
from defib.core.resend import TRIED_FOR
from defib.handlers.batch import RETRY_AFTER
from infra.bundle import ROOT
from infra.functions import SHAPES
from sim.fuzz import lanes
from tests.infra.synthesized import Synthesized


def refers_to(value: object, logical_id: str) -> bool:
    return logical_id in str(value)


@pytest.mark.parametrize("name", SHAPES)
def test_a_function_runs_its_handler_on_arm_with_a_deadline_and_its_own_log(stack: Synthesized, name: str) -> None:
    function = stack.function(name)

    assert function["Runtime"] == "python3.14"
    assert function["Architectures"] == ["arm64"]
    assert 256 <= function["MemorySize"] <= 512
    assert function["Timeout"] == SHAPES[name].timeout_s
    assert "FunctionName" not in function
    assert stack.of("AWS::Logs::LogGroup")[function["LoggingConfig"]["LogGroup"]["Ref"]] == {"RetentionInDays": 14}


@pytest.mark.parametrize(
    ("queue", "function"),
    [
        ("SignalsQueue", "diagnose"),
        ("SignalsOrdersQueue", "remediate"),
        ("SignalsEvidenceQueue", "evidence"),
        ("SignalsNoticesQueue", "publish"),
        ("StatusPageTurnsQueue", "page"),
    ],
)
def test_a_queue_feeds_its_function_bounded_and_message_by_message(
    stack: Synthesized, queue: str, function: str
) -> None:
    source = stack.id_of("AWS::SQS::Queue", queue)
    mapping = next(m for m in stack.of("AWS::Lambda::EventSourceMapping").values() if refers_to(m, source))

    assert stack.of("AWS::Lambda::Function")[mapping["FunctionName"]["Ref"]] == stack.function(function)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": SHAPES[function].concurrency}
    assert stack.of("AWS::SQS::Queue")[source]["VisibilityTimeout"] > stack.function(function)["Timeout"]


def test_lambda_drops_no_message_of_a_long_repair_and_watches_for_loops_wherever_no_queue_feeds(
    stack: Synthesized,
) -> None:
    functions = stack.of("AWS::Lambda::Function")
    fed = {mapping["FunctionName"]["Ref"] for mapping in stack.of("AWS::Lambda::EventSourceMapping").values()}

    assert len(fed) == 5
    assert {key for key, function in functions.items() if "RecursiveLoop" in function} == fed
    assert {str(functions[key]["RecursiveLoop"]["Fn::If"][1:]) for key in fed} == {"['Allow', {'Ref': 'AWS::NoValue'}]"}


def test_the_access_logs_of_http_apis_are_let_in_however_many_others_the_account_has(stack: Synthesized) -> None:
    groups = stack.of("AWS::Logs::LogGroup")
    stages = stack.of("AWS::ApiGatewayV2::Stage").values()
    logs = [groups[stage["AccessLogSettings"]["DestinationArn"]["Fn::GetAtt"][0]] for stage in stages]

    # By the stack's own name: another may stand in the same account and Region.
    names = {"/aws/vendedlogs/Defib/answers", "/aws/vendedlogs/Defib/page-api"}
    assert {log["LogGroupName"] for log in logs} == names
    assert {log["RetentionInDays"] for log in logs} == {30}


def test_what_a_function_cannot_digest_is_set_aside_sooner_where_others_wait_behind_it(stack: Synthesized) -> None:
    queues = stack.of("AWS::SQS::Queue")
    fed = [q for q in queues.values() if "RedrivePolicy" in q]

    assert len(fed) == 5
    for queue in fed:
        dead_letters = queues[queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]
        receives = 4 if queue.get("FifoQueue") else 5
        assert queue["RedrivePolicy"]["maxReceiveCount"] == receives
        assert receives == (lanes.RECEIVES_IN_ORDER if queue.get("FifoQueue") else lanes.RECEIVES), "the fuzz, too"
        assert dead_letters["MessageRetentionPeriod"] == 14 * 24 * 3600
        assert dead_letters.get("FifoQueue") == queue.get("FifoQueue")


def test_a_notice_is_sent_again_once_its_message_has_been_set_aside(stack: Synthesized) -> None:
    """Sooner, and messages would pile up; later, and people would wait for nothing."""
    (notices,) = (q for key, q in stack.of("AWS::SQS::Queue").items() if key.startswith("SignalsNoticesQueue"))
    waits = (notices["RedrivePolicy"]["maxReceiveCount"] - 1) * timedelta(seconds=notices["VisibilityTimeout"])

    assert waits + RETRY_AFTER == TRIED_FOR


def test_what_people_say_waits_for_a_day_where_nobody_can_hear_it(stack: Synthesized) -> None:
    """An acknowledgment, a no or the end of an AWS Health issue stands nowhere but in the queue that rules feed."""
    (approvals,) = (rule for key, rule in stack.of("AWS::Events::Rule").items() if "ApprovalRule" in key)
    queue = stack.of("AWS::SQS::Queue")[approvals["Targets"][0]["Arn"]["Fn::GetAtt"][0]]

    assert queue["MessageRetentionPeriod"] == 24 * 3600


def test_only_notices_and_the_page_keep_their_order(stack: Synthesized) -> None:
    in_order = [key for key, queue in stack.of("AWS::SQS::Queue").items() if queue.get("FifoQueue")]

    assert all(key.startswith(("SignalsNotices", "StatusPageTurns", "SetAsideOrdered")) for key in in_order)
    assert len(in_order) == 3


def test_every_queue_is_encrypted_and_refuses_plain_text(stack: Synthesized) -> None:
    policies = stack.of("AWS::SQS::QueuePolicy").values()

    for key, queue in stack.of("AWS::SQS::Queue").items():
        (policy,) = (p for p in policies if p["Queues"] == [{"Ref": key}])
        denials = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert queue["SqsManagedSseEnabled"] is True
        assert [s["Condition"] for s in denials] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_every_topic_refuses_plain_text(stack: Synthesized) -> None:
    policies = stack.of("AWS::SNS::TopicPolicy").values()

    assert sorted(topic["Ref"] for policy in policies for topic in policy["Topics"]) == sorted(
        stack.of("AWS::SNS::Topic")
    )
    for policy in policies:
        conditions = [s["Condition"] for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in conditions


def test_the_sweep_runs_every_minute_and_is_not_repeated(stack: Synthesized) -> None:
    schedule = stack.one("AWS::Scheduler::Schedule")
    sweep = stack.id_of("AWS::Lambda::Function", "SweepFunction")
    invoke = stack.one("AWS::Lambda::EventInvokeConfig")

    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["Target"]["Arn"] == {"Fn::GetAtt": [sweep, "Arn"]}
    assert schedule["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 2}
    assert refers_to(schedule["Target"]["DeadLetterConfig"], "SetAsideUndelivered")
    assert (invoke["FunctionName"], invoke["MaximumRetryAttempts"]) == ({"Ref": sweep}, 0)
    assert stack.function("sweep")["Timeout"] < 60


def test_the_table_remembers_and_forgets_as_told_and_outlives_the_stack(stack: Synthesized) -> None:
    table = stack.one("AWS::DynamoDB::GlobalTable")
    (replica,) = table["Replicas"]
    (body,) = (b for b in stack.template["Resources"].values() if b["Type"] == "AWS::DynamoDB::GlobalTable")

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert [(k["AttributeName"], k["KeyType"]) for k in table["KeySchema"]] == [("pk", "HASH"), ("sk", "RANGE")]
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "due"
    assert [k["AttributeName"] for k in index["KeySchema"]] == ["due_kind", "due_at"]
    assert index["Projection"] == {"ProjectionType": "ALL"}
    assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert replica["DeletionProtectionEnabled"] is True
    assert body["DeletionPolicy"] == "Retain"


def test_evidence_is_private_encrypted_and_forgotten_in_time(stack: Synthesized) -> None:
    bucket = stack.one("AWS::S3::Bucket", "Evidence")
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]

    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert refers_to(bucket["BucketEncryption"], "AES256")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert rule["ExpirationInDays"] == 7
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 7}
    assert rule["Status"] == "Enabled"
    denials = stack.one("AWS::S3::BucketPolicy", "Evidence")["PolicyDocument"]["Statement"]
    assert {"Bool": {"aws:SecureTransport": "false"}} in [s["Condition"] for s in denials]


def of_incidents(stack: Synthesized) -> list[dict[str, Any]]:
    """Those of people; the canaries' way back is tests/infra/test_watchtower.py's."""
    incidents = {"Ref": stack.id_of("AWS::SNS::Topic", "Incidents")}
    found = stack.of("AWS::SNS::Subscription").values()
    return [s for s in found if s["TopicArn"] == incidents and s["Protocol"] != "sqs"]


PAGER = "https://events.defib.test/defib"


def test_each_address_gets_what_is_for_its_contact_and_its_medium(stack: Synthesized) -> None:
    assert {(s["Protocol"], s["Endpoint"]): s["FilterPolicy"] for s in of_incidents(stack)} == {
        ("email", "oncall@defib.test"): {"contact": ["oncall"], "media": ["email"]},
        ("sms", "+12025550123"): {"contact": ["oncall"], "media": ["sms"]},
        ("email", "dba@defib.test"): {"contact": ["database"], "media": ["email"]},
        ("https", PAGER): {"contact": ["database"], "media": ["https"]},
        ("email", "spare@defib.test"): {"contact": ["nobody"], "media": ["email"]},
    }


MATCHES: list[tuple[str, tuple[Medium, ...], set[str]]] = [
    ("oncall", (Medium.EMAIL, Medium.SMS), {"oncall@defib.test", "+12025550123"}),
    ("oncall", (Medium.EMAIL,), {"oncall@defib.test"}),
    ("oncall", (Medium.SMS,), {"+12025550123"}),
    ("database", (Medium.EMAIL, Medium.HTTPS), {"dba@defib.test", PAGER}),
    ("database", (Medium.HTTPS,), {PAGER}),
    ("database", (Medium.CHAT,), set()),
    ("nobody", (Medium.SMS,), set()),
]


@pytest.mark.parametrize(("contact", "media", "reached"), MATCHES)
def test_a_message_matches_the_filters_of_its_contact_and_media_alone(
    stack: Synthesized, contact: str, media: tuple[Medium, ...], reached: set[str]
) -> None:
    attributes = {
        "contact": {"Type": "String", "Value": contact},
        "media": {"Type": "String.Array", "Value": json.dumps(list(media))},
        "service": {"Type": "String", "Value": "web"},
    }

    got = {
        s["Endpoint"]
        for s in of_incidents(stack)
        if FilterPolicyMatcher(s["FilterPolicy"], "MessageAttributes").matches(attributes, "")
    }

    assert got == reached


def test_every_filter_is_within_the_limits_of_sns(stack: Synthesized) -> None:
    for subscription in of_incidents(stack):
        values = [len(values) for values in subscription["FilterPolicy"].values()]
        assert len(values) <= 5, "keys"
        assert math.prod(values) <= 150, "combinations"


def test_a_chat_has_a_topic_of_its_own_that_is_told_to_whoever_sets_the_channel_up(stack: Synthesized) -> None:
    topic = stack.id_of("AWS::SNS::Topic", "NotifyChatdatabase")

    assert stack.template["Outputs"]["ChatTopicDatabase"]["Value"] == {"Ref": topic}
    assert stack.function("publish")["Environment"]["Variables"]["DEFIB_CHAT_TOPICS"] == {
        "Fn::Join": ["", ["database=", {"Ref": topic}]]
    }
    assert not [s for s in stack.of("AWS::SNS::Subscription").values() if s["TopicArn"] == {"Ref": topic}]
    (policy,) = (p for p in stack.of("AWS::SNS::TopicPolicy").values() if p["Topics"] == [{"Ref": topic}])
    assert "OnlyPublishPublishes" in [s.get("Sid") for s in policy["PolicyDocument"]["Statement"]]


def test_every_contact_hears_of_trouble_with_defib_itself(stack: Synthesized) -> None:
    alerts = {"Ref": stack.id_of("AWS::SNS::Topic", "Alerts")}
    subscriptions = [s for s in stack.of("AWS::SNS::Subscription").values() if s["TopicArn"] == alerts]

    assert not [s for s in subscriptions if "FilterPolicy" in s]
    assert sorted(s["Endpoint"] for s in subscriptions) == [
        "+12025550123",
        "dba@defib.test",
        PAGER,
        "oncall@defib.test",
        "spare@defib.test",
    ]


NAMES_A_FUNCTION = {"AWS::Lambda::EventSourceMapping", "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::Permission"}
"""What is about a function, by a reference to it."""


def test_nothing_has_a_name_of_its_own_so_that_two_stacks_can_live_side_by_side(stack: Synthesized) -> None:
    names = {"FunctionName", "QueueName", "TopicName", "TableName", "BucketName", "RoleName", "AlarmName"}
    named = {
        key: names & set(body.get("Properties", {}))
        for key, body in stack.template["Resources"].items()
        if body["Type"] not in NAMES_A_FUNCTION
    }

    assert not {key: found for key, found in named.items() if found}


def test_the_names_that_operations_md_asks_for_are_outputs_and_logs_of_the_stack(stack: Synthesized) -> None:
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    queried = set(re.findall(r"OutputKey=='(\w+)'", operations))
    logs = [key for key in stack.of("AWS::Logs::LogGroup") if key.startswith("Healing")]

    named = {"CasesTable", "EvidenceBucket", "DeadLetters", "OrderedDeadLetters", "Undelivered"}
    assert queried
    assert queried | named <= set(stack.template["Outputs"])
    assert len(logs) == len(SHAPES)
