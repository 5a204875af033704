"""A message on the topic: each medium its own text, and attributes by which each subscription finds its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from defib.aws.clients import client
from defib.core.contact import Contact
from defib.core.incident import NoticeKind
from defib.core.medium import Medium
from defib.core.policy import Policy, Tag
from defib.core.post import Places, Post, post_of
from defib.core.severity import Severity
from defib.publish.sns import ChatChannel, SnsChannel
from defib.shell.ports import Transient
from tests.aws.account import ONCE
from tests.aws.cases import a_notice
from tests.aws.fleet import Overlay

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

POLICY = Policy(Tag("self-heal", "true"), ())


def a_post(contact: str = "oncall", media: tuple[Medium, ...] = tuple(Medium), **changes: Any) -> Post:
    places = Places("arn:aws:sns:us-east-1:123456789012:incidents")
    return post_of(a_notice(**changes), Contact(contact), media, POLICY, places)


@pytest.fixture
def sns() -> SNSClient:
    return client("sns", ONCE)


@pytest.fixture
def topic() -> str:
    return boto3.client("sns").create_topic(Name="incidents")["TopicArn"]


def test_every_medium_gets_its_own_text(sns: SNSClient, topic: str) -> None:
    overlay = Overlay().lay_over(sns)
    post = a_post()

    SnsChannel(sns, topic).publish(post)

    (sent,) = overlay.named("Publish")
    texts = json.loads(sent["Message"])
    assert texts == {"default": post.email, "email": post.email, "sms": post.sms, "https": post.https}
    assert json.loads(texts["https"])["format"] == "defib-notice/1"
    assert (sent["TopicArn"], sent["Subject"], sent["MessageStructure"]) == (topic, "web-1 is down", "json")


def test_each_subscription_of_a_contact_gets_what_is_for_its_medium(sns: SNSClient, topic: str) -> None:
    wanted = {"contact": ["oncall"], "media": ["sms"]}
    inbox = _Inbox(topic, wanted)

    channel = SnsChannel(sns, topic)
    channel.publish(a_post(media=(Medium.EMAIL, Medium.SMS)))
    channel.publish(a_post(media=(Medium.EMAIL,)))
    channel.publish(a_post("dba", media=(Medium.EMAIL, Medium.SMS)))

    assert inbox.count() == 1


def test_others_can_filter_on_notice_service_incident_and_severity(sns: SNSClient, topic: str) -> None:
    wanted = {
        "contact": ["oncall"],
        "notice": ["escalated"],
        "service": ["web"],
        "incident": [{"prefix": "web-"}],
        "severity": ["urgent"],
    }
    inbox = _Inbox(topic, wanted)

    channel = SnsChannel(sns, topic)
    channel.publish(a_post(kind=NoticeKind.ESCALATED, severity=Severity.HIGH))
    channel.publish(a_post(kind=NoticeKind.ESCALATED, severity=Severity.URGENT))
    channel.publish(a_post(kind=NoticeKind.ESCALATED, severity=Severity.URGENT, incident_id="db-1"))

    assert inbox.count() == 1


def test_a_refused_publication_is_raised_sorted(sns: SNSClient, topic: str) -> None:
    Overlay(refusals={"Publish": "Throttling"}).lay_over(sns)

    with pytest.raises(Transient, match="telling oncall of web-7"):
        SnsChannel(sns, topic).publish(a_post())


def test_a_chat_gets_a_custom_notification_on_the_topic_of_its_contact(sns: SNSClient, topic: str) -> None:
    overlay = Overlay().lay_over(sns)
    post = a_post(body="It says <!channel> & more.\n\nTimeline\n  long ago")

    ChatChannel(sns, {"oncall": topic}).publish(post)

    (sent,) = overlay.named("Publish")
    said = json.loads(sent["Message"])
    assert "MessageStructure" not in sent
    assert (said["version"], said["source"], said["content"]["textType"]) == ("1.0", "custom", "client-markdown")
    assert said["content"]["title"] == "web-1 is down"
    assert said["content"]["description"] == "It says &lt;!channel&gt; &amp; more."
    assert said["metadata"]["threadId"] == "web-7"


class _Inbox:
    def __init__(self, topic: str, wanted: dict[str, Any]) -> None:
        self._sqs = boto3.client("sqs")
        self._url = self._sqs.create_queue(QueueName="inbox")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        attributes = {"FilterPolicy": json.dumps(wanted)}
        boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)

    def count(self) -> int:
        return len(self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages", []))
