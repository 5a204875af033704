"""Handlers for the simulated Lambda: each reads its messages as Defib's own does, and has them taken."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger

from defib.aws.clients import client
from defib.aws.normalise import normalise
from defib.aws.queues import Addresses, SqsQueues
from defib.aws.wire import digest_in, notice_in, order_in, shift_in, turn_in, turn_of
from defib.handlers.batch import each_message
from tests.aws.account import ONCE
from tests.contract.taking import AT_WORK

IN_ORDER = ("publish", "page")
Read = Callable[[str], list[object]]
READS: dict[str, Read] = {
    "diagnose": lambda body: list(normalise(body)),
    "remediate": lambda body: [shift_in(body) or order_in(body)],
    "evidence": lambda body: [order_in(body)],
    "publish": lambda body: [digest_in(body) or notice_in(body)],
    "page": lambda body: [turn_in(body)],
    "elsewhere": lambda body: [turn_of(body)],
}


def _handle(function: str, event: dict[str, Any], context: Any) -> Any:
    def work(body: str) -> None:
        for message in READS[function](body):
            AT_WORK[-1].take(function, message)

    put_off = _put_off if function == "publish" else None
    return each_message(event, context, Logger(), work, in_order=function in IN_ORDER, put_off=put_off)


def _put_off(receipt: str, by: timedelta) -> None:
    SqsQueues(client("sqs", ONCE), Addresses(notices=os.environ["NOTICES"])).put_off(receipt, by)


diagnose, remediate, evidence = (partial(_handle, name) for name in ("diagnose", "remediate", "evidence"))
publish, page, elsewhere = (partial(_handle, name) for name in ("publish", "page", "elsewhere"))
