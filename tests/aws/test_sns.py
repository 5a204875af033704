"""A notice on the topic: each medium its own text, and attributes to filter on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import boto3
import pytest

from defib.aws.clients import client
from defib.publish.links import NoLinks
from defib.publish.sns import SnsChannel
from defib.shell.ports import Transient
from tests.aws.account import ONCE
from tests.aws.cases import a_notice
from tests.aws.fleet import Overlay

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


@pytest.fixture
def sns() -> SNSClient:
    return client("sns", ONCE)


@pytest.fixture
def topic() -> str:
    return boto3.client("sns").create_topic(Name="incidents")["TopicArn"]


def test_every_medium_gets_its_own_text(sns: SNSClient, topic: str) -> None:
    overlay = Overlay()
    overlay.lay_over(sns)
    notice = a_notice()

    SnsChannel(sns, topic, NoLinks()).publish(notice)

    (sent,) = overlay.named("Publish")
    assert json.loads(sent["Message"]) == {"default": notice.body, "email": notice.body, "sms": notice.sms}
    assert (sent["TopicArn"], sent["Subject"], sent["MessageStructure"]) == (topic, "web-1 is down", "json")


def test_subscriptions_can_filter_on_notice_service_and_incident(sns: SNSClient, topic: str) -> None:
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="oncall")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    wanted = {"notice": ["escalated"], "service": ["web"], "incident": [{"prefix": "web-"}]}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"FilterPolicy": json.dumps(wanted)})

    channel = SnsChannel(sns, topic, NoLinks())
    channel.publish(a_notice(kind="opened"))
    channel.publish(a_notice(kind="escalated"))
    channel.publish(a_notice(kind="escalated", incident_id="db-1"))

    assert len(sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]) == 1


def test_a_refused_publication_is_raised_sorted(sns: SNSClient, topic: str) -> None:
    overlay = Overlay(refusals={"Publish": "Throttling"})
    overlay.lay_over(sns)

    with pytest.raises(Transient, match="publishing notice web-7-1"):
        SnsChannel(sns, topic, NoLinks()).publish(a_notice())
