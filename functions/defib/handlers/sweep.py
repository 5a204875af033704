"""Once a minute: whatever fails, is due or went unsaid becomes a signal, so that nothing hangs on an event arriving."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from defib.aws import heartbeats, journal, queues, reach, reach_store, set_aside, store, suspects
from defib.aws.clients import client
from defib.aws.clock import SystemClock
from defib.aws.observe import AwsObserver
from defib.aws.permission import union
from defib.core.reach import Topic
from defib.core.shifting import shiftable
from defib.handlers.environment import Environment
from defib.shell.drill import drill
from defib.shell.ports import CallFailed
from defib.shell.reach import ROOM, Looking, look
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
    set_aside.PERMISSIONS,
    journal.PERMISSIONS,
)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    del event
    edges, beats, letters, looking, policy, logger = _built()
    report = sweep(edges, policy)
    signalled = {"suspects": report.suspects, "waiting": report.waiting, "due": report.due}
    found = {**signalled, "resent": report.resent, "called": report.called}
    extra = {**found, "unanswered": dict(report.unanswered), "function_request_id": context.aws_request_id}
    journal.count("Suspects", report.suspects)
    if report.unanswered:
        logger.error("swept in part", extra=extra)
    else:
        logger.info("swept", extra=extra)

    def left() -> timedelta:
        return timedelta(milliseconds=context.get_remaining_time_in_millis())

    _keep_measured(letters, edges.clock.now(), logger, left())
    _look(looking, policy, logger, left)
    if not report.unanswered:
        # Last: the watchdog must hear of a sweep that did not see everything, and of one that dies on its way.
        _beat(edges.clock.now(), beats, policy, logger)
    return found


def _beat(now: datetime, beats: heartbeats.DynamoHeartbeats, policy: Policy, logger: Logger) -> None:
    """Say that a sweep has seen everything, and ended, to whoever watches. Silence tells as much."""
    try:
        if policy.watchtower.stands:
            beats.swept(now)
    except CallFailed as error:
        logger.error("could not leave word of the sweep", extra={"error": str(error)})
        return
    journal.beat("SweepCompleted")


def _keep_measured(letters: set_aside.SetAside, now: datetime, logger: Logger, left: timedelta) -> None:
    """Whatever becomes of this, it was a good sweep; there are six hours to try again."""
    if left < ROOM:
        return
    try:
        letters.keep_measured(now)
    except CallFailed as error:
        logger.warning("could not have SQS go on measuring what was set aside", extra={"error": str(error)})


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
def _built() -> tuple[Sweeping, heartbeats.DynamoHeartbeats, set_aside.SetAside, Looking, Policy, Logger]:
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - reads the environment

    environment, clock, logger = Environment.read(), SystemClock(), Logger()
    policy = environment.policy()
    addresses = queues.Addresses(
        signals=environment.signals_queue,
        notices=environment.notices_queue,
        page=environment.page_queue,
        orders=environment.orders_queue if shiftable(policy) else "",
    )
    dynamodb, sqs = client("dynamodb", policy.calls), client("sqs", policy.calls)
    sent_to, letters = queues.SqsQueues(sqs, addresses), set_aside.SetAside(sqs, environment.set_aside_queues)
    edges = Sweeping(
        clock,
        AwsObserver(client("ec2", policy.calls), client("elbv2", policy.calls), clock, policy),
        store.DynamoStore(dynamodb, environment.table, policy.retention),
        sent_to,
    )
    looking = Looking(
        clock, _reader, reach_store.DynamoReachStore(dynamodb, environment.table, policy.retention), sent_to
    )
    return edges, heartbeats.DynamoHeartbeats(dynamodb, environment.table), letters, looking, policy, logger


@cache
def _reader() -> reach.SnsReader:
    environment = Environment.read()
    topics = {Topic.INCIDENTS: environment.incidents_topic, Topic.ALERTS: environment.alerts_topic}
    sns, cloudwatch = client("sns", reach.CALLS), client("cloudwatch", reach.CALLS)
    return reach.SnsReader(sns, cloudwatch, SystemClock(), topics, environment.chat_topics)
