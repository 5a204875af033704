"""Orders in, acts out. The only function that may reboot, stop or start; it reads no event of anyone else's."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from defib.aws import act, heartbeats, journal, membership, observe, queues, store, switch, zonal_shift
from defib.aws.clients import client, one_try
from defib.aws.clock import SystemClock
from defib.aws.permission import union
from defib.aws.wire import canary_in, order_in, shift_in
from defib.handlers.batch import each_message
from defib.handlers.canary import take_canary
from defib.handlers.environment import Environment
from defib.shell.canary import Ways
from defib.shell.perform import Performing, perform
from defib.shell.shift import Shifting, shift

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
    zonal_shift.PERMISSIONS,
    heartbeats.PERMISSIONS,
    journal.PERMISSIONS,
)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    performing, shifting, ways, policy, logger = _built()

    def work(body: str) -> None:
        canary = canary_in(body)
        if canary is not None:
            take_canary(canary, ways, policy, logger)
            return
        move = shift_in(body)
        if move is not None:
            shift(move, shifting, policy)
        else:
            perform(order_in(body), performing, policy)

    return each_message(event, context, logger, work)


@cache
def _built() -> tuple[Performing, Shifting, Ways, Policy, Logger]:
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - reads the environment

    environment, clock, logger = Environment.read(), SystemClock(), Logger()
    policy = environment.policy()
    once = one_try(policy.calls)
    observer = observe.AwsObserver(
        client("ec2", policy.calls),
        client("elbv2", policy.calls),
        clock,
        policy,
        membership.Memberships(cache(lambda: client("autoscaling", policy.calls)), policy.opt_in),
    )
    actor = act.AwsActor(
        cache(lambda: client("ec2", once)),
        cache(lambda: client("elbv2", once)),
        cache(lambda: client("autoscaling", once)),
        policy.repair.suppress_for,
    )
    dynamodb = client("dynamodb", policy.calls)
    kept = store.DynamoStore(dynamodb, environment.table, policy.retention)
    told = journal.PowertoolsJournal(logger)
    kill_switch = switch.SsmSwitch(client("ssm", once), environment.kill_switch)
    performing = Performing(
        clock,
        observer,
        kept,
        actor,
        queues.SqsQueues(client("sqs", policy.calls), queues.Addresses(signals=environment.signals_queue)),
        told,
        kill_switch,
    )
    router = zonal_shift.ArcRouter(cache(lambda: client("arc-zonal-shift", once)))
    ways = Ways(clock, heartbeats.DynamoHeartbeats(dynamodb, environment.table))
    return performing, Shifting(clock, observer, kept, router, told, kill_switch), ways, policy, logger
