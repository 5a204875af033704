"""The way from a function to a service: each attempt of its client takes its time, and may never be answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

from botocore.exceptions import ReadTimeoutError

from defib.aws.errors import THROTTLE
from sim.authority import Authority, denied_code
from sim.boundary import Call, Killed, Refusal, Response
from sim.breakdowns import Breakdown, Breakdowns
from sim.buckets import LIMIT_EXCEEDED, Buckets
from sim.clock import SimulatorGap, VirtualTime
from sim.function import Function
from sim.iam import allowed_by
from sim.ledger import Ledger
from sim.machinery import MachineryKind
from sim.stale import StaleReads

CALL_TIMES = {"dynamodb": 8, "sqs": 12, "ssm": 20, "sns": 40, "s3": 50, "cloudwatch": 60, "elbv2": 70, "ec2": 90}
"""Typical milliseconds of one call from Lambda in the same Region; they order events, no result depends on them."""
TO_ANOTHER_REGION = timedelta(milliseconds=80)
LONGEST_BACKOFF = timedelta(seconds=20)
"""botocore's standard retry mode (Boto3 User Guide, Retries)."""

TRIED_AGAIN = THROTTLE | {"RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete"}
"""Error codes after which botocore's standard mode tries again, whatever the HTTP status (its retries/standard.py)."""
TRIED_AGAIN_STATUS = frozenset({500, 502, 503, 504})

THROTTLED_CODE = {
    "ec2": (LIMIT_EXCEEDED, 503),
    "s3": ("SlowDown", 503),
    "dynamodb": ("ThrottlingException", 400),
    "sqs": ("RequestThrottled", 403),
    "ssm": ("ThrottlingException", 400),
    "autoscaling": ("Throttling", 400),
    "elbv2": ("Throttling", 400),
    "cloudwatch": ("Throttling", 400),
    "sns": ("Throttling", 429),
}
"""How each service says that there are too many requests, with the HTTP status (each service's API, common errors)."""
SERVER_FAULTS = frozenset(
    {"InternalError", "InternalFailure", "InternalServerError", "ServiceUnavailable", "Unavailable"}
)

Wait = Callable[[timedelta], None]


class Carrier:
    """Carries calls to the services of every Region, under each function's role."""

    def __init__(
        self,
        time: VirtualTime,
        authority: Authority,
        ledger: Ledger,
        random: Random,
        breakdowns: Breakdowns,
        stale: StaleReads,
    ) -> None:
        self._time = time
        self._authority = authority
        self._ledger = ledger
        self._random = random
        self._buckets = Buckets()
        self._stale = stale
        self.breakdowns = breakdowns

    def carry(self, call: Call, function: Function, wait: Wait) -> Response | None:
        """Get through to the service, in as many attempts as the client makes; an answer only where moto has none.

        Raises Refusal, Killed, or botocore's error when nothing answers. botocore's quota of retries is never used up
        here, so that a client's worst case is as long as its Config lets it be.
        """
        self._ledger.made[function.word, call.name] += 1
        broken = self.breakdowns.of_call(call, function)
        if _is(broken, MachineryKind.DIES_BEFORE_CALL):
            raise Killed
        for attempt in range(call.attempts):
            try:
                return self._attempt(call, function, broken, wait)
            except (Refusal, ReadTimeoutError) as error:
                if attempt + 1 == call.attempts or not _is_tried_again(error):
                    raise
            wait(min(timedelta(seconds=2**attempt), LONGEST_BACKOFF) * self._random.random())
        raise AssertionError("a client makes at least one attempt")

    def _attempt(self, call: Call, function: Function, broken: Breakdown | None, wait: Wait) -> Response | None:
        on = broken if broken is not None and broken.is_on(self._time.now) else None
        if self.breakdowns.cuts_off(function.region, call.region) or _is(on, MachineryKind.CALL_HANGS):
            self._ledger.calls[call.name] += 1
            wait(call.patience)
            raise call.unanswered()
        wait(timedelta(milliseconds=CALL_TIMES.get(call.service, 50)))
        if call.region != function.region:
            wait(TO_ANOTHER_REGION)
        self._ledger.calls[call.name] += 1
        if _is(on, MachineryKind.CALL_THROTTLED):
            raise Refusal(*_throttled(call))
        if call.service == "ec2" and not self._buckets.take(call.operation, call.params, self._time.now):
            self._ledger.throttled[call.name] += 1
            raise Refusal(LIMIT_EXCEEDED, "Request limit exceeded.", 503)
        self._authorize(call, function)
        return self._broken(call, on, wait) if on is not None else None

    def _broken(self, call: Call, on: Breakdown, wait: Wait) -> Response | None:
        """What a service that has been reached does wrong."""
        match on.fault.kind:
            case MachineryKind.CALL_REFUSED:
                status = 500 if on.fault.error in SERVER_FAULTS else 400
                raise Refusal(on.fault.error, "The simulated service refuses the call.", status)
            case MachineryKind.ANSWER_LOST:
                call.carry_out()
                wait(call.read_timeout)
                raise call.unanswered()
            case MachineryKind.DIES_AFTER_CALL:
                call.carry_out()
                raise Killed
            case MachineryKind.WRITE_CONFLICTS:
                _refuse_if_conditional(call)
                return None
            case MachineryKind.BATCH_PARTLY_REFUSED:
                return _partly(call)
            case MachineryKind.STALE_READS:
                return self._stale.read(call, on.fault.delay)
            case _:
                raise SimulatorGap(f"{on.fault.kind} is nothing that befalls a call")

    def _authorize(self, call: Call, function: Function) -> None:
        """Hold a call against the function's role. Raises Refusal."""
        for request in self._authority.requests(call):
            grant = allowed_by(function.word, function.statements, request)
            if grant is None:
                self._ledger.deny(f"{function.word}: {request.action} on {request.resource}")
                message = f"role of {function.name} is not authorized to perform {request.action} on {request.resource}"
                raise Refusal(denied_code(call.service), message, 403)
            self._ledger.use(grant)


def _is(broken: Breakdown | None, kind: MachineryKind) -> bool:
    return broken is not None and broken.fault.kind is kind


def _is_tried_again(error: Refusal | ReadTimeoutError) -> bool:
    return isinstance(error, ReadTimeoutError) or error.code in TRIED_AGAIN or error.status in TRIED_AGAIN_STATUS


def _throttled(call: Call) -> tuple[str, str, int]:
    code, status = THROTTLED_CODE.get(call.service, ("ThrottlingException", 400))
    return code, "Rate exceeded", status


def _refuse_if_conditional(call: Call) -> None:
    """As when somebody else wrote first (DynamoDB API, TransactWriteItems, PutItem and UpdateItem, errors)."""
    if call.operation == "TransactWriteItems":
        reasons = [{"Code": "TransactionConflict"} for _ in call.params["TransactItems"]]
        raise Refusal("TransactionCanceledException", "Transaction cancelled", 400, {"CancellationReasons": reasons})
    if "ConditionExpression" not in call.params:
        return
    if call.operation == "UpdateItem":
        # Defib's updates require only that the item is there, which nobody's write changes.
        raise Refusal("TransactionConflictException", "Transaction is ongoing for the item")
    raise Refusal("ConditionalCheckFailedException", "The conditional request failed")


def _partly(call: Call) -> Response | None:
    """Carry out every second entry, and refuse the others for a passing reason (SQS API, SendMessageBatch)."""
    entries = call.params["Entries"]
    refused = [{"Id": e["Id"], "SenderFault": False, "Code": "InternalError", "Message": ""} for e in entries[::2]]
    carried: Response = call.carry_out(Entries=entries[1::2]) if entries[1::2] else {}
    return {"Successful": carried.get("Successful", []), "Failed": refused}
