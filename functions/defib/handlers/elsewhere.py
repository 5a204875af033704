"""Another page follows this one: a function of its own for each. Reads the page's items, writes its own, calls out.

It may touch neither instances nor decisions, nor this page itself.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, assert_never

from defib.aws import heartbeats, journal, page_store, queues, secret
from defib.aws.clients import client
from defib.aws.clock import SystemClock
from defib.aws.permission import union
from defib.aws.wire import canary_in, turn_of
from defib.core.page.elsewhere import Kind
from defib.core.page.words import words
from defib.handlers.batch import each_message
from defib.handlers.canary import take_canary
from defib.handlers.environment import Environment
from defib.shell.canary import Ways
from defib.shell.elsewhere import Came, Following, follow_elsewhere
from defib.shell.ports import Rejected

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from defib.core.page.elsewhere import OtherPage
    from defib.core.policy import Policy
    from defib.shell.elsewhere import Channel

PERMISSIONS = union(
    page_store.FOLLOWING,
    secret.OF_OTHER_PAGE,
    queues.TO_ITSELF,
    queues.TO_NOTICES,
    heartbeats.OF_FOLLOWERS,
    journal.PERMISSIONS,
)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    edges, ways, logger = _built()

    def work(body: str) -> None:
        canary = canary_in(body)
        if canary is not None:
            take_canary(canary, ways, edges.policy, logger)
            return
        turn_of(body)
        turned = follow_elsewhere(edges)
        said = {"page": edges.other.name, "came": turned.came.value, "what": turned.what, "problem": turned.problem}
        if turned.came is Came.FAILED:
            logger.warning("the other page does not follow", extra=said)
        else:
            logger.info("turn taken", extra=said)

    return each_message(event, context, logger, work)


@cache
def _built() -> tuple[Following, Ways, Logger]:
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - reads the environment

    environment, clock = Environment.read(), SystemClock()
    policy = environment.policy()
    other = policy.page.other(environment.other_page)
    if other is None:
        raise Rejected(f"[page.elsewhere.{environment.other_page}] is not in the policy; deploy again")
    addresses = queues.Addresses(notices=environment.notices_queue, elsewhere=environment.other_page_queues)
    sending = queues.SqsQueues(client("sqs", policy.calls), addresses)
    dynamodb = client("dynamodb", policy.calls)
    store = page_store.DynamoPageStore(dynamodb, environment.table, policy.retention)
    channel = _channel(other, environment, policy, clock)
    edges = Following(clock, store, channel, sending, sending, other, policy)
    return edges, Ways(clock, heartbeats.DynamoHeartbeats(dynamodb, environment.table)), Logger()


def _channel(other: OtherPage, environment: Environment, policy: Policy, clock: SystemClock) -> Channel:
    # Each function tells one page: it loads what speaks with that one.
    from defib.publish.channels.http import Http  # noqa: PLC0415 - see above
    from defib.publish.channels.keys import ApiKey, SigningKey  # noqa: PLC0415 - see above
    from defib.stashboard.oauth import Credentials  # noqa: PLC0415 - see above

    secrets, called = client("secretsmanager", policy.calls), f"the secret {other.secret}"
    name, http = environment.other_page_secret, Http(other.address, policy.calls, clock)
    match other.kind:
        case Kind.STATUSPAGE:
            from defib.publish.channels.statuspage import Statuspage  # noqa: PLC0415 - see above

            return Statuspage(http, other, secret.Secret(secrets, name, ApiKey, called, clock).read)
        case Kind.CACHET:
            from defib.publish.channels.cachet import Cachet  # noqa: PLC0415 - see above

            return Cachet(http, other, secret.Secret(secrets, name, ApiKey, called, clock).read)
        case Kind.INSTATUS:
            from defib.publish.channels.instatus import Instatus  # noqa: PLC0415 - see above

            return Instatus(http, other, secret.Secret(secrets, name, ApiKey, called, clock).read)
        case Kind.STASHBOARD:
            from defib.publish.channels.stashboard import Stashboard  # noqa: PLC0415 - see above

            credentials = secret.Secret(secrets, name, Credentials, called, clock)
            return Stashboard(http, other, credentials.read, clock, words(policy.page.language))
        case Kind.WEBHOOK:
            from defib.publish.channels.webhook import Webhook  # noqa: PLC0415 - see above

            key = secret.Secret(secrets, name, SigningKey, called, clock)
            return Webhook(http, key.read, clock, policy.page, environment.page_url)
    assert_never(other.kind)
