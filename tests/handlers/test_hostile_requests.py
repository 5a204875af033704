"""Requests that no browser sends, to each function behind an HTTP API: answered, honestly logged, and nothing done."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.aws.table import TABLE
from tests.handlers.stage import Context, Stage
from tests.hostile.strategies import BOUNDED, NASTY, TEXTS, steps

FORM = "application/x-www-form-urlencoded"
CODES = {200, 204, 400, 401, 403, 404, 405, 410, 413, 415}
PATHS = {
    "answer": ("/a/", "/a/v1.aaaa.bbbb.00c0ffee", "/", "/a/v1.W10.x.y/more"),
    "stashboard": ("/api/v1/services", "/admin/api/v1/services/web/events", "/api/v1/services/", "/"),
    "subscribe": ("/subscribe",),
}
FIELDS = st.sampled_from(("email", "answer", "by", "status", "message", "name"))
BODIES = TEXTS | st.builds(lambda name, value: f"{name}={quote_plus(value, errors='replace')}", FIELDS, TEXTS)
KINDS = st.sampled_from((FORM, FORM + "; charset=utf-16", "application/json", "")) | TEXTS


@st.composite
def requests(draw: st.DrawFn, paths: tuple[str, ...]) -> dict[str, Any]:
    """An event of payload format 2.0, whatever it holds: API Gateway promises the shape, not what is in it."""
    path = draw(st.sampled_from(paths)) + draw(st.just("") | TEXTS)
    method = draw(st.sampled_from(("GET", "POST", "HEAD", "DELETE", "OPTIONS")) | TEXTS)
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": draw(TEXTS),
        "headers": {"content-type": draw(KINDS), "host": draw(TEXTS), "authorization": draw(TEXTS)},
        "requestContext": {"domainName": "api.example.com", "requestId": "r", "http": {"method": method, "path": path}},
        "body": draw(st.none() | BODIES),
        "isBase64Encoded": draw(st.booleans()),
    }


def asked(stage: Stage, function: str, event: dict[str, Any]) -> Any:
    return stage.handler(function).lambda_handler(event, Context())


def nothing_done(stage: Stage) -> bool:
    kept = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
    subscribers = boto3.client("sns").list_subscriptions_by_topic(TopicArn=stage.subscribers)["Subscriptions"]
    return not kept and not subscribers


def is_honest(written: str, event: dict[str, Any]) -> bool:
    """Each line is a document of its own, and holds no line of the sender's."""
    lines = [json.loads(line) for line in written.splitlines()]
    sent = [text for text in (event["body"], event["rawQueryString"]) if text and len(text) > 8]
    return all(isinstance(line, dict) and line.get("message") != "forged" for line in lines) and not [
        text for text in sent if text in written
    ]


@pytest.mark.parametrize("function", list(PATHS))
def test_whatever_is_sent_is_answered_logged_in_its_own_lines_and_does_nothing(
    stage: Stage, capsys: pytest.CaptureFixture[str], function: str
) -> None:
    @BOUNDED
    @given(requests(PATHS[function]))
    def tried(event: dict[str, Any]) -> None:
        capsys.readouterr()
        answer = asked(stage, function, event)
        assert answer["statusCode"] in CODES, answer
        assert "\n" not in "".join(f"{name}{value}" for name, value in answer["headers"].items())
        assert is_honest(capsys.readouterr().out, event)

    tried()
    assert nothing_done(stage)


@pytest.mark.parametrize("function", list(PATHS))
@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_no_answer_repeats_what_was_sent_as_markup(stage: Stage, function: str, text: str) -> None:
    sent = quote_plus(text, errors="replace")
    event: dict[str, Any] = {
        "version": "2.0",
        "rawPath": PATHS[function][0] + text,
        "rawQueryString": sent,
        "headers": {"content-type": FORM, "host": "api.example.com"},
        "requestContext": {"domainName": "api.example.com", "requestId": "r", "http": {"method": "POST", "path": "/"}},
        "body": f"email={sent}&answer={sent}&by={sent}",
        "isBase64Encoded": False,
    }
    answer = asked(stage, function, event)
    shown = answer.get("body", "")
    assert not [part for part in ("<script>alert", "<img src=x", "<svg onload", "forged") if part in shown]


@pytest.mark.parametrize("function", list(PATHS))
def test_a_body_beyond_measure_costs_no_more_than_a_small_one(stage: Stage, function: str) -> None:
    def event(size: int) -> dict[str, Any]:
        return {
            "version": "2.0",
            "rawPath": PATHS[function][0],
            "rawQueryString": "",
            "headers": {"content-type": FORM, "host": "api.example.com"},
            "requestContext": {
                "domainName": "api.example.com",
                "requestId": "r",
                "http": {"method": "POST", "path": "/"},
            },
            "body": "a=%41&" * size,
            "isBase64Encoded": False,
        }

    one, million = event(1), event(1_000_000)
    asked(stage, function, one)
    assert steps(lambda: asked(stage, function, million)) < 2 * steps(lambda: asked(stage, function, one))
