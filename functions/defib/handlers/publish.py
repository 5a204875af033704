"""Notices out to people. Reads them from the table; may touch neither instances nor decisions."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from defib.aws import journal, store
from defib.aws.clients import client
from defib.aws.clock import SystemClock
from defib.aws.permission import union
from defib.aws.wire import notice_in
from defib.handlers.batch import each_message
from defib.handlers.environment import Environment
from defib.publish import sns
from defib.shell.announce import Announcing, announce

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.typing import LambdaContext

PERMISSIONS = union(store.PUBLISHING, sns.PERMISSIONS, journal.PERMISSIONS)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    edges, logger = _built()

    def work(body: str) -> None:
        due = notice_in(body)
        published = announce(due.incident_id, due.sequence, edges)
        extra = {"incident_id": due.incident_id, "sequence": due.sequence}
        logger.info("published" if published else "nothing to publish", extra=extra)

    return each_message(event, context, logger, work, in_order=True)


@cache
def _built() -> tuple[Announcing, Logger]:
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - reads the environment

    environment = Environment.read()
    policy = environment.policy()
    edges = Announcing(
        SystemClock(),
        store.DynamoStore(client("dynamodb", policy.calls), environment.table, policy.retention),
        (sns.SnsChannel(client("sns", policy.calls), environment.incidents_topic),),
    )
    return edges, Logger()
