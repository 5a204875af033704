"""A link as a person's mail holds it, and what people, scanners and attackers do with it over HTTP."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import boto3

from defib.answer.token import Key, key_id, token_of
from defib.aws.clients import client
from defib.aws.store import DynamoStore
from defib.core.answer.link import Link
from defib.core.case import Case
from defib.core.incident import Incident
from defib.core.policy import Retention
from defib.shell.store import Remembered
from tests.aws.account import ONCE
from tests.aws.cases import WEB_1
from tests.aws.fleet import Overlay
from tests.aws.table import TABLE
from tests.handlers.questions import ABOUT_A_REPAIR, held, waiting
from tests.handlers.stage import Context, Stage

HOST = "abc123.execute-api.us-east-1.amazonaws.com"
FORM = "application/x-www-form-urlencoded"
BROWSER = {
    "host": HOST,
    "user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)",
    "sec-fetch-site": "same-origin",
}

YES = ("Approval", {"case": f"{WEB_1}-1", "answer": "approve", "by": "Ada"})
"""What is said on the bus of a yes to a repair."""
NEXT_KEY = "another-key-of-64-characters-that-nobody-has-seen-outside-of-here"


class Answers:
    """The deployed function behind its API, and the bus that it says things on."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.store = DynamoStore(client("dynamodb", ONCE), TABLE, Retention())
        self.module = stage.handler("answer")
        self.bus = Overlay(answers={"PutEvents": {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}})
        self.bus.lay_over(self.module._built()[0].bus._make())

    def remember(self, case: Case, incident: Incident | None = None) -> Case:
        incident = held(case) if incident is None else incident
        return self.store.remember(Remembered(case, incident)).case

    def key(self, stage: str = "AWSCURRENT") -> Key:
        found = boto3.client("secretsmanager").get_secret_value(SecretId="answers", VersionStage=stage)
        return Key(key_id(found["VersionId"]), found["SecretString"].encode())

    def token(self, link: Link = ABOUT_A_REPAIR) -> str:
        return token_of(link, self.key())

    def request(
        self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None, *, base64: bool = False
    ) -> Any:
        """What the function answers to API Gateway's event (payload format version 2.0)."""
        event = {
            "version": "2.0",
            "routeKey": "ANY /a/{token}",
            "rawPath": path,
            "rawQueryString": "",
            "headers": {**BROWSER, **(headers or {})},
            "requestContext": {
                "domainName": HOST,
                "requestId": "JKJaXmPLvHcESHA=",
                "routeKey": "ANY /a/{token}",
                "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"},
            },
            "pathParameters": {"token": path.rpartition("/")[2]},
            "body": body,
            "isBase64Encoded": base64,
        }
        return self.module.lambda_handler(event, Context())

    def get(self, token: str, method: str = "GET") -> Any:
        return self.request(method, f"/a/{token}")

    def post(self, token: str, answer: str, by: str = "Ada") -> Any:
        return self.send(token, urlencode({"answer": answer, "by": by}))

    def send(self, token: str, body: str, content_type: str = FORM, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", f"/a/{token}", body, {"content-type": content_type, **named})

    def said(self) -> list[tuple[str, dict[str, Any]]]:
        """Detail type and detail of everything that was to be put on the bus since the last time."""
        entries = [entry for asked in self.bus.named("PutEvents") for entry in asked["Entries"]]
        self.bus.calls.clear()
        assert {entry["Source"] for entry in entries} <= {"defib.operator"}
        return [(entry["DetailType"], json.loads(entry["Detail"])) for entry in entries]

    def items(self) -> list[Any]:
        """Everything in the table, to see that nothing has changed."""
        found = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
        return sorted(found, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))

    def rotate(self, secret: str) -> None:
        """What the command in docs/answering.md does."""
        boto3.client("secretsmanager").put_secret_value(SecretId="answers", SecretString=secret)

    def meanwhile(self, quicker: Callable[[], object]) -> None:
        """Somebody is ``quicker``: both have read the table when the other writes."""
        waiting, overlay = [quicker], Overlay()

        def first_the_quicker(_: object) -> bool:
            while waiting:
                waiting.pop()()
            return False

        overlay.refuse_if("PutItem", "", first_the_quicker)
        overlay.lay_over(self.module._built()[0].links._dynamodb)


def asking(stage: Stage) -> Answers:
    """Deployed, and somebody has been asked."""
    made = Answers(stage)
    made.remember(waiting())
    return made


def mailed(stage: Stage, publish: Callable[[], object]) -> str:
    """The e-mail that comes of ``publish``."""
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    boto3.client("sns").subscribe(TopicArn=stage.topic, Protocol="sqs", Endpoint=arn)
    publish()
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    body: str = json.loads(message["Body"])["Message"]
    return body


def words(answer: Any) -> str:
    """What a person reads on the page."""
    body = answer["body"].partition("<main")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", "<" + body)).split())


def title(answer: Any) -> str:
    return html.unescape(re.search(r"<h1>(.*?)</h1>", answer["body"])[1])  # type: ignore[index]  # every page has one


def offered(answer: Any) -> list[str]:
    """The answers that the page has a button for."""
    return re.findall(r'name="answer" value="(\w+)"', answer["body"])
