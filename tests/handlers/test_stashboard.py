"""The Stashboard API as API Gateway calls it: real signatures over real HTTP events, against moto."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from oauthlib.oauth1 import Client  # type: ignore[import-untyped]  # it has no types

from defib.aws.clock import SystemClock
from defib.handlers.stashboard import SECRET_UNUSABLE
from tests.handlers.stage import SECRET, Context, Stage

HOST = "https://abc123.execute-api.us-east-1.amazonaws.com"
FORM = "application/x-www-form-urlencoded"


def called(stage: Stage, method: str, path: str, body: str = "", **headers: str) -> Any:
    """What the function answers to API Gateway's event (payload format version 2.0)."""
    parts = urlsplit(HOST + path)
    event = {
        "version": "2.0",
        "rawPath": parts.path,
        "rawQueryString": parts.query,
        "headers": {"host": parts.netloc, **{name.replace("_", "-"): value for name, value in headers.items()}},
        "requestContext": {
            "domainName": parts.netloc,
            "requestId": f"request-{method}-{path}",
            "http": {"method": method, "path": parts.path},
        },
        "body": body,
        "isBase64Encoded": False,
    }
    return stage.handler("stashboard").lambda_handler(event, Context())


def posted(stage: Stage, path: str, body: str, token_secret: str = SECRET["token_secret"]) -> Any:
    """The same, signed as requests-oauthlib does."""
    signer = Client("anonymous", "anonymous", "defib", token_secret, timestamp=f"{SystemClock().now().timestamp():.0f}")
    _, headers, signed = signer.sign(HOST + path, "POST", body, {"Content-Type": FORM})
    return called(stage, "POST", path, signed, content_type=FORM, authorization=headers["Authorization"])


def test_anybody_reads_the_policys_services(stage: Stage) -> None:
    answer = called(stage, "GET", "/api/v1/services")
    assert answer["statusCode"] == 200
    assert [service["id"] for service in json.loads(answer["body"])["services"]] == ["web"]
    assert answer["headers"]["content-type"] == "application/json; charset=utf-8"
    assert answer["headers"]["x-content-type-options"] == "nosniff"


def test_a_signed_event_is_posted_and_the_page_is_told_to_follow(stage: Stage) -> None:
    answer = posted(stage, "/admin/api/v1/services/web/events", "status=down&message=It+is+down")
    assert answer["statusCode"] == 200, answer["body"]
    assert json.loads(answer["body"])["message"] == "It is down"
    assert [turn["change"][:10] for turn in stage.received("page")] == ["stashboard"]


def test_what_is_written_is_answered_so_though_the_page_can_not_be_told(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    boto3.client("sqs").delete_queue(QueueUrl=stage.queues["page"])

    answer = posted(stage, "/admin/api/v1/services/web/events", "status=down&message=It+is+down")

    assert (answer["statusCode"], json.loads(answer["body"])["message"]) == (200, "It is down")
    assert "the page was not told to follow" in capsys.readouterr().out


def test_a_posted_event_shows_on_the_page_and_in_the_api_for_programs(stage: Stage) -> None:
    posted(stage, "/admin/api/v1/services/web/events", "status=down&message=It+is+down")
    stage.invoke("page", *(json.dumps(turn) for turn in stage.received("page")), groups={0: "page"})
    incidents = json.loads(stage.document("api/v2/incidents/unresolved.json"))["incidents"]
    assert [incident["incident_updates"][0]["body"] for incident in incidents] == ["It is down"]
    assert b"It is down" in stage.document("index.html")


@pytest.mark.parametrize(
    ("path", "secret", "code"),
    [
        ("/admin/api/v1/services/web/events", "wrong", 403),
        ("/api/v1/services/web/events", SECRET["token_secret"], 405),
        ("/admin/api/v1/services/gone/events", SECRET["token_secret"], 404),
    ],
)
def test_what_is_refused_changes_nothing(stage: Stage, path: str, secret: str, code: int) -> None:
    assert posted(stage, path, "status=down&message=no", secret)["statusCode"] == code
    assert stage.received("page") == []


def test_neither_a_secret_nor_what_clients_send_along_is_logged(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    posted(stage, "/admin/api/v1/services/web/events", "status=down&message=no&token=pushover-token&user=me")
    logged = capsys.readouterr()
    for secret in (SECRET["token_secret"], "pushover-token", "oauth_signature"):
        assert secret not in logged.out + logged.err


UNUSABLE = ('{"token": "hunter2"}', "hunter2", "")


@pytest.mark.parametrize("kept", UNUSABLE)
def test_a_secret_that_is_not_what_it_should_be_is_named_without_its_value_and_counted(
    stage: Stage, capsys: pytest.CaptureFixture[str], kept: str
) -> None:
    secrets = boto3.client("secretsmanager")
    if kept:
        secrets.put_secret_value(SecretId="stashboard", SecretString=kept)
    else:
        secrets.delete_secret(SecretId="stashboard", ForceDeleteWithoutRecovery=True)
    answer = posted(stage, "/admin/api/v1/services/web/events", "status=down&message=no")
    logged = capsys.readouterr().out
    assert answer["statusCode"] == 503
    assert "hunter2" not in answer["body"] + logged
    assert [json.loads(line)[SECRET_UNUSABLE] for line in logged.splitlines() if SECRET_UNUSABLE in line] == [[1.0]]


def test_a_wrong_signature_is_no_trouble_with_the_secret(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    posted(stage, "/admin/api/v1/services/web/events", "status=down&message=no", "wrong")
    assert SECRET_UNUSABLE not in capsys.readouterr().out
