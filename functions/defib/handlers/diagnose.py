"""Signals in, decisions out. Reads AWS, writes the table, sends orders; may not touch an instance."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from defib.aws import canaries, heartbeats, journal, membership, observe, queues, reach_store, store, switch
from defib.aws.clients import client, one_try
from defib.aws.clock import SystemClock
from defib.aws.normalise import normalise
from defib.aws.permission import union
from defib.core.call import CallAnswer
from defib.core.canary import Canary
from defib.core.drill import DrillOrder
from defib.core.frozen import replace
from defib.core.issue import Issue
from defib.core.model import Signal, TargetGroupSignal
from defib.handlers.batch import each_message
from defib.handlers.canary import take_canary
from defib.handlers.environment import Environment
from defib.shell.answer import take_answer
from defib.shell.canary import Ways
from defib.shell.drill import order_drill
from defib.shell.issues import take_in
from defib.shell.reconcile import Reconciling
from defib.shell.target_group import look_at_all

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from defib.core.policy import Policy

PERMISSIONS = union(
    observe.ACTING,
    membership.PERMISSIONS,
    store.CASES,
    reach_store.PERMISSIONS,
    queues.DECIDING,
    switch.PERMISSIONS,
    heartbeats.PERMISSIONS,
    journal.PERMISSIONS,
)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    edges, ways, policy, logger = _built()

    def work(body: str) -> None:
        signals: list[Signal] = []
        groups: list[TargetGroupSignal] = []
        for found in normalise(body):
            if isinstance(found, Canary):
                _let_through(found, ways, policy, logger)
                continue
            if isinstance(found, Issue):
                _take_in(found, edges, logger)
                continue
            if isinstance(found, CallAnswer):
                take_answer(found, edges, policy)
                continue
            if isinstance(found, DrillOrder):
                _order(found, edges, policy, logger)
                continue
            if isinstance(found, Signal):
                signals.append(found)
            else:
                groups.append(found)
        look_at_all(signals, groups, edges, policy)

    return each_message(event, context, logger, work)


def _let_through(canary: Canary, ways: Ways, policy: Policy, logger: Logger) -> None:
    """From the bus it goes on to every queue; what comes back from the topic has gone all the way."""
    if canary.by:
        take_canary(canary, replace(ways, onward=None), policy, logger)
    elif take_canary(canary, ways, policy, logger):
        journal.beat("CanaryReceived")


def _take_in(issue: Issue, edges: Reconciling, logger: Logger) -> None:
    if take_in(issue, edges.clock, edges.store):
        said = {"issue": issue.arn, "code": issue.code, "over": issue.over, "zone_ids": issue.zone_ids}
        logger.info("AWS Health tells of an issue", extra=said)


def _order(order: DrillOrder, edges: Reconciling, policy: Policy, logger: Logger) -> None:
    why = order_drill(order, _reached(), policy, edges.clock.now())
    extra = {"contact": order.contact, "by": order.by}
    if why:
        logger.warning("no drill", extra={**extra, "why": why})
    else:
        logger.info("a drill is wanted", extra=extra)


@cache
def _reached() -> reach_store.DynamoReachStore:
    environment = Environment.read()
    policy = environment.policy()
    return reach_store.DynamoReachStore(client("dynamodb", policy.calls), environment.table, policy.retention)


@cache
def _built() -> tuple[Reconciling, Ways, Policy, Logger]:
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - reads the environment

    environment, clock, logger = Environment.read(), SystemClock(), Logger()
    policy = environment.policy()
    addresses = queues.Addresses(
        signals=environment.signals_queue,
        orders=environment.orders_queue,
        evidence=environment.evidence_queue,
        notices=environment.notices_queue,
        page=environment.page_queue,
    )
    sqs, dynamodb = client("sqs", policy.calls), client("dynamodb", policy.calls)
    edges = Reconciling(
        clock,
        observe.AwsObserver(
            client("ec2", policy.calls),
            client("elbv2", policy.calls),
            clock,
            policy,
            membership.Memberships(cache(lambda: client("autoscaling", policy.calls)), policy.opt_in),
        ),
        store.DynamoStore(dynamodb, environment.table, policy.retention),
        queues.SqsQueues(sqs, addresses),
        journal.PowertoolsJournal(logger),
        switch.SsmSwitch(client("ssm", one_try(policy.calls)), environment.kill_switch),
    )
    # The first to whom people's ears are open, should SQS not answer.
    next_ones = {
        "notices": addresses.notices,
        "orders": addresses.orders,
        "evidence": addresses.evidence,
        "turns": addresses.page,
    }
    onward = canaries.SqsOnward(sqs, {word: url for word, url in next_ones.items() if url})
    ways = Ways(clock, heartbeats.DynamoHeartbeats(dynamodb, environment.table), onward)
    return edges, ways, policy, logger
