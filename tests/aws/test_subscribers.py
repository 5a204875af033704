"""The subscribers' topic: one message for all, a link for one address, and no address in an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest

from defib.aws.clients import client
from defib.core.page.mail import Letter
from defib.publish.subscribers import SnsSubscribers, SnsSubscribing
from defib.shell.ports import Rejected
from tests.aws.account import ONCE
from tests.aws.fleet import Overlay
from tests.core.page.shown import NOON

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


@pytest.fixture
def sns() -> SNSClient:
    return client("sns", ONCE)


@pytest.fixture
def topic() -> str:
    return boto3.client("sns").create_topic(Name="subscribers")["TopicArn"]


def test_a_letter_is_one_message_on_the_topic(sns: SNSClient, topic: str) -> None:
    overlay = Overlay().lay_over(sns)
    SnsSubscribers(sns, topic).tell(Letter("abc", 1, NOON, "[Example CI] Website: Störung", "It is dark."))

    (sent,) = overlay.named("Publish")
    assert sent == {"TopicArn": topic, "Subject": "[Example CI] Website: Störung", "Message": "It is dark."}


def test_an_address_is_asked_by_e_mail_and_waits_for_its_owner(sns: SNSClient, topic: str) -> None:
    overlay = Overlay().lay_over(sns)
    SnsSubscribing(sns, topic).invite("ann@example.com")

    (asked,) = overlay.named("Subscribe")
    assert asked == {"TopicArn": topic, "Protocol": "email", "Endpoint": "ann@example.com"}


def test_no_error_repeats_the_address(sns: SNSClient) -> None:
    with pytest.raises(Rejected) as failed:
        SnsSubscribing(sns, "arn:aws:sns:us-east-1:123456789012:gone-ann").invite("ann@example.com")

    assert "ann" not in str(failed.value)
    assert failed.value.__cause__ is None
    assert failed.value.code
