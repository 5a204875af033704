"""The form of the status page: sends a link to an address that somebody gave. May do nothing else, for all may call it.

No address is kept or logged, and no answer says whether one was known.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from defib.aws import mail_store
from defib.aws.clients import client
from defib.aws.clock import SystemClock
from defib.aws.permission import union
from defib.core.page.subscribing import Answer
from defib.handlers.environment import Environment
from defib.publish import subscribers
from defib.shell.subscribe import Subscribing, subscribe

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from defib.core.policy import Policy

PERMISSIONS = union(mail_store.COUNTING, subscribers.ADDING)

Event = dict[str, Any]
FORM = "application/x-www-form-urlencoded"
BODY_MOST = 2_000
"""Bytes: an address has 254 at most, and a browser may write each as three."""
FIELDS_MOST = 5
CODES = {Answer.SENT: 200, Answer.WRONG: 400, Answer.FULL: 429, Answer.LATER: 503}
RETRY_AFTER_S = {Answer.FULL: 86_400, Answer.LATER: 60}


class Unread(ValueError):
    """The request is no form that the page sends."""

    def __init__(self, code: int) -> None:
        super().__init__(f"answered with {code}")
        self.code = code


def lambda_handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    """One form as an HTTP API hands it over (API Gateway Developer Guide, payload format version 2.0)."""
    from defib.publish.page.answers import answer_page, headers  # noqa: PLC0415 - the template engine is slow

    edges, policy, url, logger = _built()
    try:
        answer, code = subscribe(_address(event), edges, policy), 0
    except Unread as error:
        answer, code = Answer.WRONG, error.code
    # Nothing of what was sent: it is an address, or anything at all.
    told = {"answer": answer.value, "function_request_id": context.aws_request_id}
    logger.info("asked to subscribe", extra=told)
    retry = {"retry-after": str(RETRY_AFTER_S[answer])} if answer in RETRY_AFTER_S else {}
    body = answer_page(answer, policy.page, url)
    return {"statusCode": code or CODES[answer], "headers": {**headers(), **retry}, "body": body}


def _address(event: Event) -> str:
    """The form's one field. Raises Unread."""
    if event["requestContext"]["http"]["method"] != "POST":
        raise Unread(405)
    kind = str({name.lower(): value for name, value in event["headers"].items()}.get("content-type", ""))
    if kind.partition(";")[0].strip().lower() != FORM:
        raise Unread(415)
    body = str(event.get("body") or "")
    if len(body) > 2 * BODY_MOST:
        raise Unread(413)
    try:
        raw = b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        if len(raw) > BODY_MOST:
            raise Unread(413)
        fields = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=FIELDS_MOST)
    except (UnicodeError, binascii.Error) as error:
        raise Unread(400) from error
    except ValueError as error:
        raise error if isinstance(error, Unread) else Unread(400) from error
    given: list[str] = [value for name, value in fields if name == "email"]
    if len(given) != 1:
        raise Unread(400)
    return given[0]


@cache
def _built() -> tuple[Subscribing, Policy, str, Logger]:
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - reads the environment

    environment = Environment.read()
    policy = environment.policy()
    store = mail_store.DynamoMailStore(client("dynamodb", policy.calls), environment.table)
    inviting = subscribers.SnsSubscribing(client("sns", policy.calls), environment.subscribing_topic)
    return Subscribing(SystemClock(), store, inviting), policy, environment.page_url, Logger()
