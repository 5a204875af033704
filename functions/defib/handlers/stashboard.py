"""The Stashboard API: reads for everybody, writes for whoever signs them. Touches the page's items and nothing else."""

from __future__ import annotations

from base64 import b64decode
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from defib.aws import board_store, journal, queues, secret
from defib.aws.clients import client
from defib.aws.clock import SystemClock
from defib.aws.permission import union
from defib.handlers.environment import Environment
from defib.shell.ports import CallFailed, Rejected
from defib.shell.store import Conflict

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from defib.core.policy import Policy
    from defib.stashboard.oauth import Credentials, Signed
    from defib.stashboard.router import Answering

PERMISSIONS = union(board_store.PERMISSIONS, secret.PERMISSIONS, queues.TO_PAGE, journal.PERMISSIONS)

Event = dict[str, Any]
HEADERS = {"x-content-type-options": "nosniff", "cache-control": "no-store", "access-control-allow-origin": "*"}
RETRY_AFTER_S = 5
SECRET_UNUSABLE = "StashboardSecretUnusable"  # noqa: S105  # the name of a metric
"""A metric, of which infra/watch.py makes an alarm: a write that nobody could have signed."""


def lambda_handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    """One request as an HTTP API hands it over (API Gateway Developer Guide, payload format version 2.0)."""
    from defib.stashboard.router import answer  # noqa: PLC0415 - slow; who only reads PERMISSIONS does without

    edges, sending, policy, logger = _built()
    request = _signed(event)
    # The path alone: parameters may hold other services' secrets, which some clients send along.
    said = {"method": request.method, "path": event["rawPath"][:200], "function_request_id": context.aws_request_id}
    try:
        found = answer(request, edges, policy)
    except (CallFailed, Conflict) as error:
        logger.warning("answered with 503", extra={**said, "problem": str(error)})
        return {"statusCode": 503, "headers": {**HEADERS, "retry-after": str(RETRY_AFTER_S)}, "body": ""}
    if found.wrote:
        try:
            sending.follow(f"stashboard-{event['requestContext']['requestId']}"[:128])
        except CallFailed as error:
            # It is written: a client that were told to try again would post it twice. The sweep has the page follow.
            logger.warning("the page was not told to follow", extra={**said, "problem": str(error)})
    logger.info("answered", extra={**said, "code": found.code, "wrote": found.wrote})
    headers = {**HEADERS, "content-type": f"{found.content_type}; charset=utf-8"}
    return {"statusCode": found.code, "headers": headers, "body": found.body}


def _signed(event: Event) -> Signed:
    """The address is the one that the client signed: the API has no base path and passes the query on as it came."""
    from defib.stashboard.oauth import Signed  # noqa: PLC0415 - as above

    http = event["requestContext"]["http"]
    query = f"?{event['rawQueryString']}" if event.get("rawQueryString") else ""
    url = f"https://{event['requestContext']['domainName']}{event['rawPath']}{query}"
    headers = {name.lower(): value for name, value in event["headers"].items()}
    return Signed(http["method"], url, headers, _body(event.get("body") or "", is_base64=event["isBase64Encoded"]))


def _body(body: str, *, is_base64: bool) -> bytes:
    try:
        return b64decode(body, validate=True) if is_base64 else body.encode()
    except ValueError:
        # Neither bytes nor text: read as it stands, and no signature fits it.
        return body.encode(errors="replace")


def _read(kept: secret.Secret[Credentials]) -> Credentials:
    """With a secret that can't be used every write is lost, and the clients that post alerts tell nobody."""
    try:
        return kept.read()
    except Rejected:
        journal.count(SECRET_UNUSABLE)
        raise


@cache
def _built() -> tuple[Answering, queues.SqsQueues, Policy, Logger]:
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - reads the environment

    from defib.stashboard.oauth import Credentials  # noqa: PLC0415 - as above
    from defib.stashboard.router import Answering  # noqa: PLC0415 - as above

    environment, clock = Environment.read(), SystemClock()
    policy = environment.policy()
    secrets = client("secretsmanager", policy.calls)
    called = "the secret of the Stashboard API"
    credentials = secret.Secret(secrets, environment.stashboard_secret, Credentials, called, clock)
    store = board_store.DynamoBoardStore(client("dynamodb", policy.calls), environment.table, policy.retention)
    sending = queues.SqsQueues(client("sqs", policy.calls), queues.Addresses(page=environment.page_queue))
    return Answering(clock, store, partial(_read, credentials), environment.page_url), sending, policy, Logger()
