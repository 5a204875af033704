"""What people are told, as a queue subscribed to the incidents topic receives it."""

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
    """All mail since the subscription, in order of arrival; ``tell`` hears of each."""

    def __init__(self, topic_arn: str, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._sqs = boto3.client("sqs")
        self._url = self._sqs.create_queue(QueueName="e2e-inbox")["QueueUrl"]
        asked = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        arn = asked["Attributes"]["QueueArn"]
        boto3.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
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
