"""The status page follows Defib's incidents. Reads and writes the table and the page's buckets; touches no instance."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from defib.aws import canaries, heartbeats, journal, mail_store, page_store, queues
from defib.aws.clients import client
from defib.aws.clock import SystemClock
from defib.aws.permission import union
from defib.aws.wire import Release, canary_in, turn_in
from defib.handlers.batch import each_message
from defib.handlers.canary import take_canary
from defib.handlers.environment import Environment
from defib.publish import subscribers
from defib.publish.page import site
from defib.publish.page.build import build
from defib.shell.canary import Ways
from defib.shell.mail import Mailing, mail
from defib.shell.page import Paging, follow, publish_draft

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from defib.core.page.model import Page
    from defib.core.page.settings import PageSettings
    from defib.core.policy import Policy
    from defib.publish.page.document import Document
    from defib.shell.ports import CallFailed

PERMISSIONS = union(
    page_store.PERMISSIONS,
    site.PERMISSIONS,
    queues.TO_NOTICES,
    queues.TO_OTHER_PAGES,
    heartbeats.PERMISSIONS,
    journal.PERMISSIONS,
    mail_store.TELLING,
    subscribers.TELLING,
)

COPY_FAILED = "PageCopyFailed"
"""A metric, of which infra/watch.py makes an alarm: once for each turn that could not bring the copy up to date."""


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    edges, mailing, ways, policy, logger = _built()

    def work(body: str) -> None:
        canary = canary_in(body)
        if canary is not None:
            take_canary(canary, ways, policy, logger)
            return
        turn = turn_in(body)
        if isinstance(turn, Release):
            published = publish_draft(turn.incident, edges, policy)
            logger.info("draft published" if published else "no such draft", extra={"incident": turn.incident})
        if made := follow(edges, policy):
            logger.info(made.value, extra={"turn": str(turn)})
        # After the page: a letter leads to it, and no topic that fails may hold it up.
        if mailing is not None and (letters := mail(mailing, policy)):
            logger.info("subscribers told", extra={"letters": letters})

    return each_message(event, context, logger, work, in_order=True)


@cache
def _built() -> tuple[Paging, Mailing | None, Ways, Policy, Logger]:
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - reads the environment

    environment, logger = Environment.read(), Logger()
    policy = environment.policy()
    making = partial(_documents, settings=policy.page, url=environment.page_url, subscribe_at=environment.subscribe_at)
    clock, of, made_by = SystemClock(), site.generation(environment.table), build()
    sites = [site.S3Site(client("s3", policy.calls), environment.page_bucket, making, clock, of, made_by)]
    if environment.page_copy:
        there = client("s3", policy.calls, policy.page.failover_region)
        sites.append(site.S3Site(there, environment.page_copy, making, clock, of, made_by))
    addresses = queues.Addresses(notices=environment.notices_queue, elsewhere=environment.other_page_queues)
    sqs, dynamodb = client("sqs", policy.calls), client("dynamodb", policy.calls)
    sending = queues.SqsQueues(sqs, addresses)
    edges = Paging(
        clock,
        page_store.DynamoPageStore(dynamodb, environment.table, policy.retention),
        tuple(sites),
        sending,
        partial(_copy_failed, logger, environment.page_copy),
        sending,
        made_by,
    )
    # Both in the order of the policy.
    others = zip(policy.page.elsewhere, environment.other_page_queues, strict=False)
    followers = {f"turns-{other.name}": url for other, url in others}
    kept = heartbeats.DynamoHeartbeats(dynamodb, environment.table)
    ways = Ways(edges.clock, kept, canaries.SqsOnward(sqs, followers), able=sites[0].laid_out)
    return edges, _mailing(environment, edges, policy), ways, policy, logger


def _copy_failed(logger: Logger, copy: str, error: CallFailed) -> None:
    """Told as what it is: customers read the page as ever, but would not if its own Region failed now."""
    journal.count(COPY_FAILED)
    logger.warning("the page's copy failed", extra={"copy": copy, "problem": str(error), "code": error.code})


def _mailing(environment: Environment, edges: Paging, policy: Policy) -> Mailing | None:
    """None where customers can't subscribe."""
    if not environment.subscribers_topic:
        return None
    store = mail_store.DynamoMailStore(client("dynamodb", policy.calls), environment.table)
    telling = subscribers.SnsSubscribers(client("sns", policy.calls), environment.subscribers_topic)
    return Mailing(edges.clock, edges.store, store, telling, environment.page_url)


def _documents(page: Page, settings: PageSettings, url: str, subscribe_at: str) -> Iterator[Document]:
    # The template engine and the feeds are needed only when something has changed.
    from defib.publish.page.everything import documents  # noqa: PLC0415 - see above

    return documents(page, settings, url, subscribe_at)
