"""Orders for evidence in, files in S3 out: beside ``remediate``, so that a hung capture delays no repair."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from defib.aws import evidence, heartbeats, journal, observe, queues, store
from defib.aws.clients import client, one_try
from defib.aws.clock import SystemClock
from defib.aws.permission import union
from defib.aws.wire import canary_in, order_in
from defib.handlers.batch import each_message
from defib.handlers.canary import take_canary
from defib.handlers.environment import Environment
from defib.shell.canary import Ways
from defib.shell.perform import Performing, perform

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from defib.core.policy import Policy

PERMISSIONS = union(
    evidence.PERMISSIONS,
    observe.LOOKING,
    store.CLAIMS,
    queues.TO_SIGNALS,
    heartbeats.PERMISSIONS,
    journal.PERMISSIONS,
)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    edges, ways, policy, logger = _built()

    def work(body: str) -> None:
        canary = canary_in(body)
        if canary is not None:
            take_canary(canary, ways, policy, logger)
            return
        perform(order_in(body), edges, policy)

    return each_message(event, context, logger, work)


@cache
def _built() -> tuple[Performing, Ways, Policy, Logger]:
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - reads the environment

    environment, clock, logger = Environment.read(), SystemClock(), Logger()
    policy = environment.policy()
    once, dynamodb = one_try(policy.calls), client("dynamodb", policy.calls)
    keeper = evidence.EvidenceKeeper(
        client("ec2", once), client("cloudwatch", once), client("s3", once), environment.evidence_bucket, clock, policy
    )
    edges = Performing(
        clock,
        observe.AwsObserver(client("ec2", policy.calls), client("elbv2", policy.calls), clock, policy),
        store.DynamoStore(dynamodb, environment.table, policy.retention),
        keeper,
        queues.SqsQueues(client("sqs", policy.calls), queues.Addresses(signals=environment.signals_queue)),
        journal.PowertoolsJournal(logger),
        switch=None,
    )
    return edges, Ways(clock, heartbeats.DynamoHeartbeats(dynamodb, environment.table)), policy, logger
