"""The form as API Gateway hands it over, from people and from whoever wants to break it, against moto."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest

from tests.aws.table import TABLE
from tests.handlers.stage import Context, Stage

FORM = "application/x-www-form-urlencoded"
ANN = "ann@example.com"


def posted(
    stage: Stage, body: str, kind: str = FORM, method: str = "POST", query: str = "", encoded: bool = False
) -> Any:
    event = {
        "version": "2.0",
        "rawPath": "/subscribe",
        "rawQueryString": query,
        "headers": {"content-type": kind},
        "requestContext": {"requestId": "r", "http": {"method": method, "path": "/subscribe"}},
        "body": b64encode(body.encode()).decode() if encoded else body,
        "isBase64Encoded": encoded,
    }
    return stage.handler("subscribe").lambda_handler(event, Context())


def invited(stage: Stage) -> list[str]:
    found = boto3.client("sns").list_subscriptions_by_topic(TopicArn=stage.subscribers)["Subscriptions"]
    return [subscription["Endpoint"] for subscription in found]


def counted() -> list[dict[str, Any]]:
    return boto3.client("dynamodb").scan(TableName=TABLE)["Items"]


@pytest.mark.parametrize("encoded", [False, True])
def test_an_address_is_sent_a_link_and_whoever_typed_it_is_told_to_look(
    stage: Stage, capsys: pytest.CaptureFixture[str], encoded: bool
) -> None:
    answer = posted(stage, urlencode({"email": ANN}), encoded=encoded)

    assert answer["statusCode"] == 200
    assert "Check your inbox" in answer["body"]
    assert invited(stage) == [ANN]
    assert ANN not in answer["body"] + repr(counted())
    assert "example.com" not in capsys.readouterr().out.replace("status.example.com", "")


def test_the_answer_is_the_same_whether_the_address_was_known_or_not(stage: Stage) -> None:
    first = posted(stage, urlencode({"email": ANN}))
    assert posted(stage, urlencode({"email": ANN})) == first
    assert posted(stage, urlencode({"email": "bob@example.com"})) == first
    assert sorted(invited(stage)) == [ANN, "bob@example.com"]


def test_the_answer_runs_nothing_loads_nothing_and_is_kept_by_nobody(stage: Stage) -> None:
    headers = posted(stage, urlencode({"email": ANN}))["headers"]

    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'none'" in headers["content-security-policy"]
    assert "script-src" not in headers["content-security-policy"]
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")
    assert headers["content-type"] == "text/html; charset=utf-8"


HOSTILE = [
    ("a header after the address", urlencode({"email": f"{ANN}\r\nBcc: all@example.com"}), FORM, 400),
    ("a script", urlencode({"email": "<script>alert(1)</script>@example.com"}), FORM, 400),
    ("an image that runs", urlencode({"email": '"><img src=x onerror=alert(1)>@example.com'}), FORM, 400),
    ("two addresses", urlencode({"email": f"{ANN},bob@example.com"}), FORM, 400),
    ("the field twice", f"email={ANN}&email=bob@example.com", FORM, 400),
    ("no field", urlencode({"other": ANN}), FORM, 400),
    ("nothing", "", FORM, 400),
    ("a thousand fields", "&".join(f"a{n}=1" for n in range(100)), FORM, 400),
    ("bytes that are no text", "email=%FF%FE@example.com", FORM, 400),
    ("an endpoint that is no address", urlencode({"email": "https://example.com/hook"}), FORM, 400),
    ("a body beyond measure", "email=" + "a" * 3_000, FORM, 413),
    ("a body far beyond measure", "email=" + "a" * 3_000_000, FORM, 413),
    ("JSON", '{"email": "ann@example.com"}', "application/json", 415),
    ("XML", "<email>ann@example.com</email>", "text/xml", 415),
    ("a form in parts", "--b\r\n", "multipart/form-data; boundary=b", 415),
    ("plain text, as a foreign page may send it", f"email={ANN}", "text/plain", 415),
    ("no type", f"email={ANN}", "", 415),
]


@pytest.mark.parametrize(("body", "kind", "code"), [h[1:] for h in HOSTILE], ids=[h[0] for h in HOSTILE])
def test_what_is_no_form_with_one_address_subscribes_nobody_and_is_not_repeated(
    stage: Stage, body: str, kind: str, code: int
) -> None:
    answer = posted(stage, body, kind)

    assert answer["statusCode"] == code
    assert "That is no e-mail address" in answer["body"]
    assert not [part for part in ("alert(", "Bcc", ANN, "onerror") if part in answer["body"]]
    assert invited(stage) == []
    assert counted() == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_no_other_method_changes_anything(stage: Stage, method: str) -> None:
    answer = posted(stage, f"email={ANN}", method=method, query=f"email={ANN}")

    assert answer["statusCode"] == 405
    assert (invited(stage), counted()) == ([], [])


def test_an_address_in_the_query_counts_for_nothing(stage: Stage) -> None:
    assert posted(stage, "", query=f"email={ANN}")["statusCode"] == 400
    assert invited(stage) == []


def test_bytes_that_are_no_base64_are_refused(stage: Stage) -> None:
    event = {
        "headers": {"Content-Type": FORM},
        "requestContext": {"http": {"method": "POST"}},
        "body": "%%%",
        "isBase64Encoded": True,
    }
    assert stage.handler("subscribe").lambda_handler(event, Context())["statusCode"] == 400


def test_post_after_post_reaches_no_more_addresses_than_a_day_allows(stage: Stage) -> None:
    """Behind the API's own throttle, which is the stage's (tests/infra/test_page.py)."""
    codes = [posted(stage, urlencode({"email": f"person-{n}@example.com"}))["statusCode"] for n in range(105)]

    assert len(invited(stage)) == 100
    assert codes.count(429) == 5
    last = posted(stage, urlencode({"email": "late@example.com"}))
    assert last["headers"]["retry-after"] == "86400"
    assert "No more today" in last["body"]


def test_when_the_topic_is_gone_people_are_told_to_try_later(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    boto3.client("sns").delete_topic(TopicArn=stage.subscribers)
    answer = posted(stage, urlencode({"email": ANN}))

    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "60")
    assert ANN not in capsys.readouterr().out
