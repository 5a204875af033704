"""The page's function tells subscribers, after the page: against moto."""

from __future__ import annotations

import json

import boto3

from tests.handlers.stage import Stage
from tests.handlers.test_stashboard import posted


def inbox(stage: Stage) -> str:
    """A queue that hears what subscribers are sent."""
    sqs, sns = boto3.client("sqs"), boto3.client("sns")
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=stage.subscribers, Protocol="sqs", Endpoint=arn)
    return url


def letters(url: str) -> list[str]:
    found = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"])["Message"].partition("\n")[0] for message in found]


def test_a_posted_event_reaches_subscribers_once(stage: Stage) -> None:
    url = inbox(stage)
    follow(stage)
    posted(stage, "/admin/api/v1/services/web/events", "status=down&message=It+is+down")
    follow(stage)
    follow(stage)
    assert letters(url) == ["Investigating – It is down"]


def test_a_topic_that_is_gone_holds_up_no_page(stage: Stage) -> None:
    follow(stage)
    posted(stage, "/admin/api/v1/services/web/events", "status=down&message=It+is+down")
    boto3.client("sns").delete_topic(TopicArn=stage.subscribers)
    assert follow(stage)["batchItemFailures"]
    assert b"It is down" in stage.document("index.html")


def follow(stage: Stage) -> dict[str, list[object]]:
    turns = [json.dumps(turn) for turn in stage.received("page")] or [json.dumps({"change": "a minute"})]
    answer: dict[str, list[object]] = stage.invoke("page", *turns, groups={0: "page"})
    return answer
