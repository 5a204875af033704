"""The log of what became of messages: where SNS keeps one, bounded, and written by a role that can do nothing else."""

from __future__ import annotations

import json

import pytest

from tests.infra.synthesized import Synthesized, listed

TOPICS = ("Incidents", "Alerts")
RETENTION_DAYS = 14
"""As in tests/infra/policy.toml."""


@pytest.mark.parametrize("name", TOPICS)
def test_each_topic_logs_what_became_of_every_message_that_went_by_http(stack: Synthesized, name: str) -> None:
    role = {"Fn::GetAtt": [stack.id_of("AWS::IAM::Role", "DeliveryRole"), "Arn"]}

    assert stack.one("AWS::SNS::Topic", name)["DeliveryStatusLogging"] == [
        {
            "Protocol": "http/s",
            "SuccessFeedbackRoleArn": role,
            "FailureFeedbackRoleArn": role,
            "SuccessFeedbackSampleRate": "100",
        }
    ]


@pytest.mark.parametrize("name", TOPICS)
@pytest.mark.parametrize(("part", "ending"), [("Delivered", ""), ("Failed", "/Failure")])
def test_its_log_groups_have_the_names_that_sns_gives_them_and_an_end(
    stack: Synthesized, name: str, part: str, ending: str
) -> None:
    group = stack.one("AWS::Logs::LogGroup", f"Delivery{name}{part}")
    topic = {"Fn::GetAtt": [stack.id_of("AWS::SNS::Topic", name), "TopicName"]}
    named = ["sns/", {"Ref": "AWS::Region"}, "/", {"Ref": "AWS::AccountId"}, "/", topic, *([ending] if ending else [])]

    assert group["LogGroupName"] == {"Fn::Join": ["", named]}
    assert group["RetentionInDays"] == RETENTION_DAYS


def test_sns_may_write_these_groups_and_those_of_sms_and_no_other(stack: Synthesized) -> None:
    role = stack.id_of("AWS::IAM::Role", "DeliveryRole")
    (statement,) = stack.roles()[role]
    groups = sorted(key for key in stack.of("AWS::Logs::LogGroup") if key.startswith("Delivery"))
    written = [json.dumps(resource) for resource in listed(statement["Resource"])]

    assert statement["Action"] == ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    assert [f'{{"Fn::GetAtt": ["{group}", "Arn"]}}' for group in groups] == written[:4]
    assert all("/DirectPublishToPhoneNumber" in resource for resource in written[4:])
    assert len(written) == 6


def test_nobody_but_sns_may_take_the_role(stack: Synthesized) -> None:
    role = stack.one("AWS::IAM::Role", "DeliveryRole")

    assert role["AssumeRolePolicyDocument"]["Statement"] == [
        {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}}
    ]


def test_the_role_is_an_output_for_the_command_that_logs_sms(stack: Synthesized) -> None:
    role = stack.id_of("AWS::IAM::Role", "DeliveryRole")

    assert stack.template["Outputs"]["DeliveryRole"]["Value"] == {"Fn::GetAtt": [role, "Arn"]}
