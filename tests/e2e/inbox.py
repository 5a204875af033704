"""What people are told, as a queue subscribed to the incidents topic beside them receives it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import boto3


@dataclass(frozen=True, slots=True)
class Mail:
    """One notice as it arrived, with the attributes that subscriptions filter on."""

    kind: str
    service: str
    subject: str
    text: str


class Inbox:
    """All that came since the subscription, in order; ``tell`` hears of each."""

    def __init__(self, topic_arn: str, like: str, tell: Callable[[str], None]) -> None:
        """Subscribe with the filter that the topic's subscriptions of protocol ``like`` have."""
        self._tell = tell
        self._sqs = boto3.client("sqs")
        self._url = self._sqs.create_queue(QueueName=f"e2e-{like}")["QueueUrl"]
        asked = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        arn = asked["Attributes"]["QueueArn"]
        deployed = {"FilterPolicy": _filter_policy(topic_arn, like)}
        boto3.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn, Attributes=deployed)
        self.mails: list[Mail] = []

    def listen(self, seconds: int) -> None:
        """Take in what is there, or what comes first within ``seconds``."""
        answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=seconds)
        for message in answer.get("Messages", ()):
            envelope = json.loads(message["Body"])
            about = {name: value["Value"] for name, value in envelope["MessageAttributes"].items()}
            mail = Mail(about["notice"], about["service"], envelope["Subject"], envelope["Message"])
            self.mails.append(mail)
            self._tell(f"{mail.kind}: {mail.subject}")
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

    def about(self, service: str) -> list[str]:
        """The kinds of what came of one service."""
        return [mail.kind for mail in self.mails if mail.service == service]


def _filter_policy(topic_arn: str, protocol: str) -> str:
    sns = boto3.client("sns")
    found = sns.list_subscriptions_by_topic(TopicArn=topic_arn)["Subscriptions"]
    arn = next(subscription["SubscriptionArn"] for subscription in found if subscription["Protocol"] == protocol)
    return sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["FilterPolicy"]
