"""Orders in, acts out. The only function that may reboot, stop or start; it reads no event of anyone else's."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from defib.aws import act, journal, membership, observe, queues, store, switch
from defib.aws.clients import client
from defib.aws.clock import SystemClock
from defib.aws.permission import union
from defib.aws.wire import order_in
from defib.handlers.batch import each_message
from defib.handlers.environment import Environment
from defib.shell.perform import Performing, perform

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from defib.core.policy import Policy

PERMISSIONS = union(
    act.PERMISSIONS,
    observe.ACTING,
    membership.PERMISSIONS,
    store.CASES,
    queues.TO_SIGNALS,
    switch.PERMISSIONS,
    journal.PERMISSIONS,
)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    edges, policy, logger = _built()
    return each_message(event, context, logger, lambda body: perform(order_in(body), edges, policy))


@cache
def _built() -> tuple[Performing, Policy, Logger]:
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - reads the environment

    environment, clock, logger = Environment.read(), SystemClock(), Logger()
    policy = environment.policy()
    ec2, elb = client("ec2", policy.calls), client("elbv2", policy.calls)
    autoscaling = cache(lambda: client("autoscaling", policy.calls))
    edges = Performing(
        clock,
        observe.AwsObserver(ec2, elb, clock, policy, membership.Memberships(autoscaling, policy.opt_in)),
        store.DynamoStore(client("dynamodb", policy.calls), environment.table, policy.retention),
        act.AwsActor(ec2, elb, autoscaling),
        queues.SqsQueues(client("sqs", policy.calls), queues.Addresses(signals=environment.signals_queue)),
        journal.PowertoolsJournal(logger),
        switch.SsmSwitch(client("ssm", policy.calls), environment.kill_switch),
    )
    return edges, policy, logger
