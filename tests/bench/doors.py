"""What the functions beside a repair are invoked with: turns of the status page and of one that follows it, requests.

And what they find: secrets, the page's bucket, an open incident.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import boto3
from oauthlib.oauth1 import Client  # type: ignore[import-untyped]  # it has no types

from defib.answer.token import Key, key_id, token_of
from defib.aws.page_store import DynamoPageStore
from defib.aws.store import DynamoStore
from defib.aws.wire import Turn, encode
from defib.core.answer.link import Say
from defib.core.page.derive import derive
from defib.core.policy import Policy
from defib.shell.page import Repaged
from defib.shell.ports import Clock
from defib.shell.store import Remembered
from sim.elsewhere.statuspage import StatuspageServer
from tests.aws.table import TABLE
from tests.bench.process import OTHER_PAGE, ROOT
from tests.core.page.shown import trouble
from tests.handlers.questions import ABOUT_A_CALL, called, handed_over
from tests.handlers.stage import LINK_KEY, SECRET, batch
from tests.publish.channels.loopback import Loopback, with_tls
from tests.publish.channels.pair import KEY, PAGE_ID

PROOF = {
    "page": "PutObject",
    "stashboard": "TransactWriteItems",
    "answer": "PutEvents",
    "subscribe": "Subscribe",
    "elsewhere": "PutItem",
}
"""As in ``account``."""
BUCKET, OTHER_SECRET = "page", "defib/statuspage"
HOST = "abc123.execute-api.us-east-1.amazonaws.com"
FORM = "application/x-www-form-urlencoded"
COMPONENT = "8kbf7d35c070"
LINK_LASTS = timedelta(hours=1)


def create() -> Mapping[str, str]:
    """What these functions need of an account; returns what they find in their environment."""
    sqs, secrets = boto3.client("sqs"), boto3.client("secretsmanager")
    page = sqs.create_queue(QueueName="page.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    followers = sqs.create_queue(QueueName="elsewhere")["QueueUrl"]
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    kept = {"stashboard": json.dumps(SECRET), "answers": LINK_KEY, OTHER_SECRET: json.dumps({"api_key": KEY})}
    for name, value in kept.items():
        secrets.create_secret(Name=name, SecretString=value)
    return {
        "DEFIB_PAGE_QUEUE": page,
        "DEFIB_PAGE_BUCKET": BUCKET,
        "DEFIB_OTHER_PAGE_QUEUES": followers,
        "DEFIB_OTHER_PAGE_SECRET": OTHER_SECRET,
        "DEFIB_SUBSCRIBERS_TOPIC": boto3.client("sns").create_topic(Name="subscribers")["TopicArn"],
    }


@contextmanager
def other_page(clock: Clock) -> Iterator[Mapping[str, str]]:
    """The variables by which ``elsewhere`` finds another page, which takes what it is told."""
    server = StatuspageServer(KEY, PAGE_ID, [COMPONENT])
    with (
        TemporaryDirectory() as name,
        Loopback(server.answer, clock.now) as loopback,
        with_tls(loopback, Path(name)) as certificate,
    ):
        policy = Path(name) / "defib.toml"
        shipped = (ROOT / "defib.toml").read_text(encoding="utf-8")
        policy.write_text(f'{shipped}{OTHER_PAGE}url = "https://{loopback.host}/v1"\n', encoding="utf-8")
        yield {"DEFIB_POLICY": str(policy), "SSL_CERT_FILE": str(certificate)}


def prepare(handler: str, policy: Policy, clock: Clock) -> dict[str, Any]:
    """As ``Account.prepare``, which has left an open incident of the service web."""
    match handler:
        case "page":
            _clear_page()
            return batch(encode(Turn("page-1")), groups={0: "page"})
        case "elsewhere":
            store = DynamoPageStore(boto3.client("dynamodb"), TABLE, policy.retention)
            derived = derive(store.shown(), [trouble(since=clock.now() - timedelta(minutes=5))], policy, clock.now())
            store.remember_page(Repaged(derived.shown, derived.changed))
            return batch(encode(Turn("page-1")))
        case "subscribe":
            return _request("POST", "/subscribe", urlencode({"email": "ann@example.com"}), {"content-type": FORM})
        case "stashboard":
            return _posted("/admin/api/v1/services/web/events", "status=down&message=It+is+down", clock)
        case _:
            return _answered(policy, clock)


def _posted(path: str, body: str, clock: Clock) -> dict[str, Any]:
    """Signed as requests-oauthlib does."""
    names = [SECRET[name] for name in ("consumer_key", "consumer_secret", "token", "token_secret")]
    signer = Client(*names, timestamp=f"{clock.now().timestamp():.0f}")
    _, headers, signed = signer.sign(f"https://{HOST}{path}", "POST", body, {"Content-Type": FORM})
    return _request("POST", path, signed, {"content-type": FORM, "authorization": headers["Authorization"]})


def _answered(policy: Policy, clock: Clock) -> dict[str, Any]:
    """Somebody takes an incident that asks for a person, by the link in an e-mail."""
    DynamoStore(boto3.client("dynamodb"), TABLE, policy.retention).remember(Remembered(handed_over(), called()))
    found = boto3.client("secretsmanager").get_secret_value(SecretId="answers")
    key = Key(key_id(found["VersionId"]), LINK_KEY.encode())
    token = token_of(replace(ABOUT_A_CALL, expires_at=clock.now() + LINK_LASTS), key)
    body = urlencode({"answer": Say.ACKNOWLEDGE.value, "by": "Ada"})
    headers = {"content-type": FORM, "sec-fetch-site": "same-origin"}
    return {**_request("POST", f"/a/{token}", body, headers), "pathParameters": {"token": token}}


def _request(method: str, path: str, body: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """API Gateway's event (payload format version 2.0)."""
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": HOST, **headers},
        "requestContext": {
            "domainName": HOST,
            "requestId": "JKJaXmPLvHcESHA=",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"},
        },
        "body": body,
        "isBase64Encoded": False,
    }


def _clear_page() -> None:
    s3 = boto3.client("s3")
    for found in s3.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        s3.delete_object(Bucket=BUCKET, Key=found["Key"])
