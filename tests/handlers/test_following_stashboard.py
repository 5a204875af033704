"""One Defib's page follows another's: the channel's calls, as API Gateway hands them to the function there."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import time_machine

from defib.core.page.elsewhere import Kind
from defib.shell.elsewhere import Came
from sim.internet import RESETS, Failure, Request, Response
from tests.core.page.shown import trouble
from tests.handlers.stage import Context, Stage
from tests.publish.channels.pair import CREDENTIALS, Pair

HOST = "https://abc123.execute-api.us-east-1.amazonaws.com"


def event_of(request: Request) -> dict[str, Any]:
    """As an HTTP API makes it (API Gateway Developer Guide, payload format version 2.0): forms come in base64."""
    parts = urlsplit(request.target)
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": parts.path,
        "rawQueryString": parts.query,
        "headers": dict(request.headers),
        "requestContext": {
            "domainName": request.host,
            "requestId": f"{request.at.timestamp():.0f}-{request.method}",
            "stage": "$default",
            "http": {"method": request.method, "path": parts.path, "protocol": "HTTP/1.1"},
        },
        "body": b64encode(request.body).decode(),
        "isBase64Encoded": True,
    }


def answering(stage: Stage) -> Callable[[Request], Response]:
    """The other Defib's function."""
    handler = stage.handler("stashboard").lambda_handler

    def answer(request: Request) -> Response:
        with time_machine.travel(request.at, tick=False):
            found = handler(event_of(request), Context())
        return Response(found["statusCode"], found["body"].encode(), found["headers"])

    return answer


@pytest.fixture
def pair(stage: Stage) -> Pair:
    """This page, and the one that follows."""
    boto3.client("secretsmanager").put_secret_value(SecretId="stashboard", SecretString=json.dumps(asdict(CREDENTIALS)))
    made = Pair(Kind.STASHBOARD, address=HOST)
    made.other = replace(made.other, components={"web": ("web",)})
    made.edges = made.directly()
    made.faults.answered = answering(stage)
    return made


def there(pair: Pair, path: str) -> Any:
    """What anybody reads there."""
    host = urlsplit(HOST).netloc
    request = Request(pair.clock.now(), "https", "GET", host, f"/api/v1/{path}", {"host": host})
    assert pair.faults.answered is not None
    answer = pair.faults.answered(request)
    assert isinstance(answer, Response)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def told(pair: Pair) -> list[str]:
    """The oldest first."""
    return [event["message"] for event in reversed(there(pair, "services/web/events")["events"])]


def test_each_update_is_an_event_there_and_the_service_stands_as_it_does_here(stage: Stage, pair: Pair) -> None:
    pair.at(3, trouble())
    pair.settle()
    assert told(pair) == [body for _, body in pair.expected()]
    assert there(pair, "services/web")["current-event"]["status"]["id"] == "warning"
    pair.at(12)
    pair.settle()
    assert told(pair) == [body for _, body in pair.expected()]
    assert there(pair, "services/web")["current-event"]["status"]["id"] == "up"
    assert len(stage.received("page")) == len(pair.expected())


def test_the_other_page_shows_what_it_was_told(stage: Stage, pair: Pair) -> None:
    pair.at(3, trouble())
    pair.settle()
    stage.invoke("page", *(json.dumps(turn) for turn in stage.received("page")), groups={0: "page"})
    (incident,) = json.loads(stage.document("api/v2/incidents/unresolved.json"))["incidents"]
    assert incident["incident_updates"][0]["body"] == pair.expected()[0][1]


@pytest.mark.parametrize("fault", [RESETS, Response(503)])
def test_an_answer_that_is_lost_doubles_nothing_there(pair: Pair, fault: Failure | Response) -> None:
    pair.settle()
    pair.faults.lost = True
    for minute, instances in ((3, 1), (5, 2)):
        pair.faults.next = [fault]
        pair.at(minute, trouble(instances=instances))
        pair.settle()
    assert told(pair) == [body for _, body in pair.expected()]


def test_a_secret_that_is_another_than_there_is_refused_and_said(stage: Stage, pair: Pair) -> None:
    wrong = asdict(replace(CREDENTIALS, token_secret="another"))
    boto3.client("secretsmanager").put_secret_value(SecretId="stashboard", SecretString=json.dumps(wrong))
    pair.faults.answered = answering(stage)
    pair.at(3, trouble())
    turned = pair.turn()
    assert turned.came is Came.FAILED
    assert "403" in turned.problem
    assert told(pair) == []
