"""The evaluator of policies, and which requests a call makes."""

from __future__ import annotations

from typing import Any

import pytest

from sim.authority import Authority
from sim.boundary import Call
from sim.clock import SimulatorGap
from sim.iam import Request, allowed_by, grants_of, parse_statement

INSTANCE = "arn:aws:ec2:us-east-1:123456789012:instance/i-1"
OPTED_IN = {"StringEquals": {"aws:ResourceTag/self-heal": "true"}}


def statement(**changes: Any) -> Any:
    raw = {"Effect": "Allow", "Action": "ec2:StopInstances", "Resource": "arn:aws:ec2:*:123456789012:instance/*"}
    return parse_statement(raw | changes)


def request(action: str = "ec2:StopInstances", resource: str = INSTANCE, **tags: str) -> Request:
    return Request(action, resource, {f"aws:ResourceTag/{key.replace('_', '-')}": (v,) for key, v in tags.items()})


@pytest.mark.parametrize(
    ("changes", "asked", "allowed"),
    [
        ({}, request(), True),
        ({}, request("ec2:StartInstances"), False),
        ({}, request(resource="arn:aws:ec2:us-east-1:999999999999:instance/i-1"), False),
        ({"Action": ["ec2:Start*", "ec2:Stop*"]}, request(), True),
        ({"Action": "EC2:stopinstances"}, request(), True),
        ({"Resource": "*"}, request(), True),
        ({"Condition": OPTED_IN}, request(self_heal="true"), True),
        ({"Condition": OPTED_IN}, request(self_heal="no"), False),
        ({"Condition": OPTED_IN}, request(), False),
        ({"Condition": {"StringLike": {"aws:ResourceTag/self-heal": "t*"}}}, request(self_heal="true"), True),
    ],
)
def test_an_action_is_allowed_when_action_resource_and_conditions_match(
    changes: dict[str, Any], asked: Request, allowed: bool
) -> None:
    assert (allowed_by("remediate", [statement(**changes)], asked) is not None) is allowed


def test_a_deny_wins_over_every_allow() -> None:
    assert allowed_by("remediate", [statement(), statement(Effect="Deny", Resource="*")], request()) is None


def test_what_is_used_of_a_role_is_one_action_on_one_pattern() -> None:
    both = statement(Action=["ec2:StartInstances", "ec2:StopInstances"])
    used = allowed_by("remediate", [both], request())

    assert used in grants_of("remediate", [both])
    assert len(grants_of("remediate", [both])) == 2


@pytest.mark.parametrize("raw", [{"NotAction": "s3:*"}, {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}])
def test_what_the_evaluator_does_not_know_is_never_taken_for_a_yes(raw: dict[str, Any]) -> None:
    with pytest.raises(SimulatorGap):
        statement(**raw)


AUTHORITY = Authority("123456789012", lambda resource: {"self-heal": "true"} if resource == "i-1" else {})
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/cases"


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (Call("ec2", "DescribeInstances", {}), [("ec2:DescribeInstances", "*")]),
        (Call("ec2", "StopInstances", {"InstanceIds": ["i-1"]}), [("ec2:StopInstances", INSTANCE)]),
        (Call("dynamodb", "Query", {"TableName": "cases"}), [("dynamodb:Query", TABLE)]),
        (
            Call("dynamodb", "Query", {"TableName": "cases", "IndexName": "due"}),
            [("dynamodb:Query", f"{TABLE}/index/due")],
        ),
        (
            Call(
                "dynamodb", "TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "cases", "Item": {}}}] * 2}
            ),
            [("dynamodb:PutItem", TABLE)] * 2,
        ),
        (
            Call("dynamodb", "BatchGetItem", {"RequestItems": {"cases": {"Keys": [{"pk": {"S": "SERVICE#web"}}]}}}),
            [("dynamodb:BatchGetItem", TABLE)],
        ),
        (
            Call("sqs", "SendMessageBatch", {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/orders"}),
            [("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:orders")],
        ),
        (Call("s3", "PutObject", {"Bucket": "b", "Key": "k/x"}), [("s3:PutObject", "arn:aws:s3:::b/k/x")]),
        (
            Call("elbv2", "DescribeTargetHealth", {"TargetGroupArn": "arn:tg"}),
            [("elasticloadbalancing:DescribeTargetHealth", "*")],
        ),
        (
            Call("elbv2", "RegisterTargets", {"TargetGroupArn": "arn:tg"}),
            [
                ("elasticloadbalancing:RegisterTargets", "arn:tg"),
                ("ec2:DescribeInstances", "*"),
                ("ec2:DescribeInternetGateways", "*"),
                ("ec2:DescribeSubnets", "*"),
                ("ec2:DescribeVpcs", "*"),
            ],
        ),
        (
            Call("sns", "GetSMSSandboxAccountStatus", {}),
            [("sns:GetSMSSandboxAccountStatus", "*"), ("sms-voice:DescribeAccountAttributes", "*")],
        ),
    ],
)
def test_a_call_needs_the_rights_that_aws_asks_for(call: Call, wanted: list[tuple[str, str]]) -> None:
    assert [(r.action, r.resource) for r in AUTHORITY.requests(call)] == wanted


def test_a_call_on_an_instance_carries_the_instances_tags() -> None:
    (asked,) = AUTHORITY.requests(Call("ec2", "RebootInstances", {"InstanceIds": ["i-1"]}))

    assert asked.context["aws:ResourceTag/self-heal"] == ("true",)


@pytest.mark.parametrize(
    ("given", "context"),
    [({"InstanceType": {"Value": "m7g.large"}}, {"ec2:Attribute/InstanceType": ("m7g.large",)}), ({}, {})],
)
def test_a_call_that_changes_an_instance_carries_what_it_sets(given: Any, context: dict[str, tuple[str, ...]]) -> None:
    (asked,) = AUTHORITY.requests(Call("ec2", "ModifyInstanceAttribute", {"InstanceId": "i-1", **given}))

    assert {key: value for key, value in asked.context.items() if "Attribute" in key} == context


def test_a_call_on_an_object_carries_the_account_of_its_bucket() -> None:
    asked = AUTHORITY.requests(Call("s3", "GetObject", {"Bucket": "b", "Key": "k"}))

    assert {request.context["aws:ResourceAccount"] for request in asked} == {("123456789012",)}


def test_a_query_carries_the_key_of_what_it_reads() -> None:
    asked = {"TableName": "cases", "ExpressionAttributeValues": {":pk": {"S": "PAGE"}, ":prefix": {"S": "INCIDENT#"}}}
    (of_the_table,) = AUTHORITY.requests(Call("dynamodb", "Query", asked))

    assert of_the_table.context["dynamodb:LeadingKeys"] == ("PAGE",)


def test_a_call_for_many_items_carries_the_keys_of_all_of_them() -> None:
    keys = [{"pk": {"S": f"SERVICE#{service}"}} for service in ("web", "db")]

    (asked,) = AUTHORITY.requests(Call("dynamodb", "BatchGetItem", {"RequestItems": {"cases": {"Keys": keys}}}))

    assert asked.context["dynamodb:LeadingKeys"] == ("SERVICE#web", "SERVICE#db")
