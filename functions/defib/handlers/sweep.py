"""Once a minute: whatever fails, is due or went unsaid becomes a signal, so that nothing hangs on an event arriving."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from defib.aws import heartbeats, journal, queues, reach, reach_store, store, suspects
from defib.aws.clients import client
from defib.aws.clock import SystemClock
from defib.aws.observe import AwsObserver
from defib.aws.permission import union
from defib.core.reach import Topic
from defib.core.shifting import shiftable
from defib.handlers.environment import Environment
from defib.shell.drill import drill
from defib.shell.ports import CallFailed
from defib.shell.reach import Looking, look
from defib.shell.sweep import Sweeping, sweep

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from defib.core.policy import Policy

PERMISSIONS = union(
    suspects.PERMISSIONS,
    store.DUE,
    heartbeats.PERMISSIONS,
    queues.TO_SIGNALS,
    queues.TO_NOTICES,
    queues.TO_SHIFT,
    queues.TO_PAGE,
    reach.PERMISSIONS,
    reach_store.PERMISSIONS,
    journal.PERMISSIONS,
)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    del event
    edges, beats, looking, policy, logger = _built()
    report = sweep(edges, policy)
    signalled = {"suspects": report.suspects, "waiting": report.waiting, "due": report.due}
    found = {**signalled, "resent": report.resent, "called": report.called}
    extra = {**found, "unanswered": dict(report.unanswered), "function_request_id": context.aws_request_id}
    journal.count("Suspects", report.suspects)
    if report.unanswered:
        # No heartbeat: the watchdog must hear of a sweep that did not see everything.
        logger.error("swept in part", extra=extra)
    else:
        logger.info("swept", extra=extra)
        _beat(edges.clock.now(), beats, policy, logger)
    _look(looking, policy, logger, lambda: timedelta(milliseconds=context.get_remaining_time_in_millis()))
    return found


def _beat(now: datetime, beats: heartbeats.DynamoHeartbeats, policy: Policy, logger: Logger) -> None:
    """Say that a sweep has seen everything, to whoever watches. Silence tells as much, so nothing else waits for it."""
    try:
        if policy.watchtower.stands:
            beats.swept(now)
    except CallFailed as error:
        logger.error("could not leave word of the sweep", extra={"error": str(error)})
        return
    journal.beat("SweepCompleted")


def _look(looking: Looking, policy: Policy, logger: Logger, left: Callable[[], timedelta]) -> None:
    """Whether everybody answers, and can be reached. The sweep is over: whatever becomes of this, it was a good one."""
    try:
        for one in drill(looking, policy, left()):
            logger.info("drilled", extra={"contact": one.contact, "drill": one.number, "answer": one.answer})
    except CallFailed as error:
        logger.warning("could not drill", extra={"error": str(error)})
    try:
        found = look(looking, policy, left())
    except CallFailed as error:
        logger.warning("could not look whether everybody can be reached", extra={"error": str(error)})
        return
    if found is not None:
        journal.PowertoolsJournal(logger).looked(found)


@cache
def _built() -> tuple[Sweeping, heartbeats.DynamoHeartbeats, Looking, Policy, Logger]:
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - reads the environment

    environment, clock, logger = Environment.read(), SystemClock(), Logger()
    policy = environment.policy()
    addresses = queues.Addresses(
        signals=environment.signals_queue,
        notices=environment.notices_queue,
        page=environment.page_queue,
        orders=environment.orders_queue if shiftable(policy) else "",
    )
    dynamodb, sent_to = client("dynamodb", policy.calls), queues.SqsQueues(client("sqs", policy.calls), addresses)
    edges = Sweeping(
        clock,
        AwsObserver(client("ec2", policy.calls), client("elbv2", policy.calls), clock, policy),
        store.DynamoStore(dynamodb, environment.table, policy.retention),
        sent_to,
    )
    looking = Looking(
        clock, _reader, reach_store.DynamoReachStore(dynamodb, environment.table, policy.retention), sent_to
    )
    return edges, heartbeats.DynamoHeartbeats(dynamodb, environment.table), looking, policy, logger


@cache
def _reader() -> reach.SnsReader:
    environment = Environment.read()
    topics = {Topic.INCIDENTS: environment.incidents_topic, Topic.ALERTS: environment.alerts_topic}
    sns, cloudwatch = client("sns", reach.CALLS), client("cloudwatch", reach.CALLS)
    return reach.SnsReader(sns, cloudwatch, SystemClock(), topics, environment.chat_topics)
