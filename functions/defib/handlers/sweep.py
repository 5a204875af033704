"""Once a minute: whatever fails, is due or went unsaid becomes a signal, so that nothing hangs on an event arriving."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from defib.aws import heartbeats, journal, queues, store, suspects
from defib.aws.clients import client
from defib.aws.clock import SystemClock
from defib.aws.observe import AwsObserver
from defib.aws.permission import union
from defib.core.limits import ZonalShift
from defib.handlers.environment import Environment
from defib.shell.sweep import Sweeping, sweep

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from defib.core.policy import Policy

PERMISSIONS = union(
    suspects.PERMISSIONS,
    store.DUE,
    heartbeats.SWEEPING,
    queues.TO_SIGNALS,
    queues.TO_NOTICES,
    queues.TO_SHIFT,
    queues.TO_PAGE,
    journal.PERMISSIONS,
)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    del event
    edges, beats, policy, logger = _built()
    report = sweep(edges, policy)
    found = {"suspects": report.suspects, "due": report.due, "resent": report.resent, "called": report.called}
    extra = {**found, "unanswered": dict(report.unanswered), "function_request_id": context.aws_request_id}
    journal.count("Suspects", report.suspects)
    if report.unanswered:
        # No heartbeat: the watchdog must hear of a sweep that did not see everything.
        logger.error("swept in part", extra=extra)
    else:
        logger.info("swept", extra=extra)
        if policy.watchtower.stands:
            beats.swept(edges.clock.now())
        journal.count("SweepCompleted")
    return found


@cache
def _built() -> tuple[Sweeping, heartbeats.DynamoHeartbeats, Policy, Logger]:
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - reads the environment

    environment, clock, logger = Environment.read(), SystemClock(), Logger()
    policy = environment.policy()
    shifts = policy.limits.zonal_shift is ZonalShift.START
    addresses = queues.Addresses(
        signals=environment.signals_queue,
        notices=environment.notices_queue,
        page=environment.page_queue,
        orders=environment.orders_queue if shifts else "",
    )
    dynamodb = client("dynamodb", policy.calls)
    edges = Sweeping(
        clock,
        AwsObserver(client("ec2", policy.calls), client("elbv2", policy.calls), clock, policy),
        store.DynamoStore(dynamodb, environment.table, policy.retention),
        queues.SqsQueues(client("sqs", policy.calls), addresses),
    )
    return edges, heartbeats.DynamoHeartbeats(dynamodb, environment.table), policy, logger
