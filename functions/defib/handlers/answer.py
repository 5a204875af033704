"""Answers by a link: shows what is asked, takes one answer, and puts it on the bus. May do nothing else."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from defib.aws import link_keys, link_store, operator_events
from defib.aws.clients import client
from defib.aws.clock import SystemClock
from defib.aws.permission import union
from defib.handlers.environment import Environment
from defib.shell.ports import CallFailed
from defib.shell.store import Conflict

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from defib.answer.answered import Answered
    from defib.answer.ports import Answering
    from defib.core.policy import Policy

PERMISSIONS = union(link_keys.PERMISSIONS, link_store.PERMISSIONS, operator_events.PERMISSIONS)

Event = dict[str, Any]


def lambda_handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    """One request as an HTTP API hands it over (API Gateway Developer Guide, payload format version 2.0).

    Nothing of the path, the body or the query is logged: whoever reads a link may use it.
    """
    from defib.answer.asked import asked  # noqa: PLC0415 - slow; who only reads PERMISSIONS does without
    from defib.answer.render import response  # noqa: PLC0415 - as above
    from defib.answer.router import answer  # noqa: PLC0415 - as above
    from defib.core.answer.page import UNAVAILABLE  # noqa: PLC0415 - as above

    edges, policy, logger = _built()
    request = asked(event)
    said = {"method": request.method[:10], "function_request_id": context.aws_request_id}
    try:
        found = answer(request, edges, policy)
    except (CallFailed, Conflict) as error:
        logger.warning("answered with 503", extra={**said, "problem": str(error)})
        return response(request.method, UNAVAILABLE)
    message = "answered by link" if found.said else "refused" if found.problem else "shown"
    logger.info(message, extra={**said, **_about(found)})
    return response(request.method, found.page)


def _about(found: Answered) -> dict[str, object]:
    about: dict[str, object] = {"code": found.page.code}
    if found.problem:
        about["problem"] = found.problem
    if found.link is not None:
        about |= {"link": found.link.id, "incident_id": found.link.incident_id, "correlation_id": found.link.case_id}
    if found.said is not None:
        about |= {"answer": found.said.say, "by": found.said.by}
    return about


@cache
def _built() -> tuple[Answering, Policy, Logger]:
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - reads the environment

    from defib.answer.ports import Answering  # noqa: PLC0415 - as above

    environment, clock = Environment.read(), SystemClock()
    policy = environment.policy()
    secrets = client("secretsmanager", policy.calls)
    edges = Answering(
        clock,
        link_keys.CountingKeys(secrets, environment.answers_secret, clock, policy.answers.link_life),
        link_store.DynamoLinks(client("dynamodb", policy.calls), environment.table, policy.retention),
        operator_events.OperatorBus(cache(lambda: client("events", policy.calls))),
    )
    return edges, policy, Logger()
