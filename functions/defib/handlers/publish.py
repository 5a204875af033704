"""Notices out to people. Reads them from the table; may touch neither instances nor decisions."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from defib.aws import heartbeats, journal, link_keys, link_store, outbox_store, queues, store
from defib.aws.clients import client
from defib.aws.clock import SystemClock
from defib.aws.permission import union
from defib.aws.wire import Untold, canary_in, digest_in, notice_in
from defib.core.post import Places
from defib.handlers.batch import NotYet, each_message
from defib.handlers.canary import take_canary
from defib.handlers.environment import Environment
from defib.publish import links, sns
from defib.shell.announce import Announcing, announce, announce_alone
from defib.shell.canary import Ways
from defib.shell.sum_up import sum_up

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_dynamodb import DynamoDBClient

    from defib.core.policy import Policy
    from defib.shell.ports import CallFailed, Clock, Links

PERMISSIONS = union(
    store.PUBLISHING,
    outbox_store.PERMISSIONS,
    heartbeats.PERMISSIONS,
    queues.TO_PUBLISH_LATER,
    sns.PERMISSIONS,
    links.PERMISSIONS,
    journal.PERMISSIONS,
)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    edges, sending, ways, policy, logger = _built()

    def work(body: str) -> None:
        canary = canary_in(body)
        if canary is not None:
            take_canary(canary, ways, policy, logger)
            return
        waits = digest_in(body)
        if waits is not None:
            early = waits.at - edges.clock.now()
            if early > timedelta(0):
                raise NotYet(early)
            logger.info("summed up", extra={"contact": waits.contact, "notices": sum_up(waits.contact, edges, policy)})
            return
        due = notice_in(body)
        way = due.way if isinstance(due, Untold) else ""
        if way:
            published = announce_alone(due.incident_id, due.sequence, way, edges, policy)
        else:
            published = announce(due.incident_id, due.sequence, edges, policy)
        extra = {"incident_id": due.incident_id, "sequence": due.sequence, "way": way or "all"}
        logger.info("published" if published else "nothing to publish", extra=extra)

    return each_message(event, context, logger, work, in_order=True, put_off=sending.put_off)


@cache
def _built() -> tuple[Announcing, queues.SqsQueues, Ways, Policy, Logger]:
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - reads the environment

    environment, logger = Environment.read(), Logger()
    policy = environment.policy()
    clock, dynamodb, topic = SystemClock(), client("dynamodb", policy.calls), client("sns", policy.calls)
    sending = queues.SqsQueues(client("sqs", policy.calls), queues.Addresses(notices=environment.notices_queue))
    edges = Announcing(
        clock,
        store.DynamoStore(dynamodb, environment.table, policy.retention),
        outbox_store.DynamoMail(dynamodb, environment.table, policy.retention),
        (sns.SnsChannel(topic, environment.incidents_topic), sns.ChatChannel(topic, environment.chat_topics)),
        sending,
        Places(environment.incidents_topic, environment.status_page),
        _links(environment, policy, clock, dynamodb, logger),
    )
    exit_ = sns.SnsExit(topic, environment.incidents_topic)
    ways = Ways(clock, heartbeats.DynamoHeartbeats(dynamodb, environment.table), exit=exit_)
    return edges, sending, ways, policy, logger


def _links(environment: Environment, policy: Policy, clock: Clock, dynamodb: DynamoDBClient, logger: Logger) -> Links:
    if not environment.answers_url:
        return links.NoLinks()

    def failed(error: CallFailed) -> None:
        logger.warning("a message goes out without its link", extra={"problem": str(error)})

    secrets = cache(lambda: client("secretsmanager", links.CALLS))
    signing = link_keys.NewestKey(secrets, environment.answers_secret, clock)
    kept = link_store.KeptMany(dynamodb, environment.table)
    return links.SignedLinks(signing, kept, environment.answers_url, policy, clock, failed)
