"""What the watchtower asks functions that people reach over HTTPS: a request that each answers and does nothing for."""

from __future__ import annotations

from urllib.parse import urlsplit

import boto3
import pytest

from infra.watched import Door, doors
from tests.aws.table import TABLE
from tests.handlers.stage import Context, Stage

FUNCTIONS = ("answer", "stashboard", "subscribe")
HOST = "https://abc123.execute-api.us-east-1.amazonaws.com"
GATEWAYS_OWN = {404, 429, 500, 503}
"""What API Gateway answers for a route that is not there, too many requests, a function that fails or is late."""
DOORS = tuple(doors(FUNCTIONS, HOST, HOST))


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.function)
def test_it_answers_as_nobody_else_does_and_does_nothing(stage: Stage, door: Door) -> None:
    path = urlsplit(door.url).path
    event = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        # As API Gateway passes on what urllib3 sends.
        "headers": {"host": urlsplit(HOST).netloc, "accept-encoding": "identity", "user-agent": "python-urllib3/2"},
        "requestContext": {
            "domainName": urlsplit(HOST).netloc,
            "requestId": "request-1",
            "http": {"method": door.method, "path": path, "sourceIp": "192.0.2.1"},
        },
        "isBase64Encoded": False,
    }

    answer = stage.handler(door.function).lambda_handler(event, Context())

    assert answer["statusCode"] == door.status
    assert door.status not in GATEWAYS_OWN
    assert boto3.client("dynamodb").scan(TableName=TABLE)["Count"] == 0
    assert not [queue for queue in stage.queues if stage.received(queue)]


def test_only_what_is_deployed_is_asked() -> None:
    assert [door.function for door in doors({"answer", "sweep"}, HOST, "")] == ["answer"]
    assert [door.function for door in DOORS] == list(FUNCTIONS)
