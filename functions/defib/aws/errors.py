"""The one place that reads botocore's errors: sorted by what the caller must do, wait or ask a person."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from defib.shell.ports import CallFailed, Rejected, Transient, Unanswered

CAPACITY = frozenset(
    {
        "InstanceLimitExceeded",
        "InsufficientAddressCapacity",
        "InsufficientCapacity",
        "InsufficientCapacityOnHost",
        "InsufficientFreeAddressesInSubnet",
        "InsufficientHostCapacity",
        "InsufficientInstanceCapacity",
        "InsufficientReservedInstanceCapacity",
        "ReservationCapacityExceeded",
        "VcpuLimitExceeded",
    }
)
"""AWS has no room at this moment (AWSEC2 API, "Error codes", server and client)."""

THROTTLE = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""botocore's own list of throttles (botocore/retries/standard.py) and DynamoDB's cancellation reasons."""

BUSY = frozenset({"ResourceContention", "ResourceContentionFault"})
"""EC2 Auto Scaling has another update of the group to finish first, and refuses this one, though with HTTP status 500
(EC2 Auto Scaling API, EnterStandby, Errors)."""

WRONG_STATE = frozenset({"IncorrectInstanceState", "IncorrectState"})
"""What was done just before has not reached all of EC2 yet, or somebody else is at it this moment: what was read a
second ago said that it could be done (EC2 Developer Guide, Eventual consistency in the Amazon EC2 API)."""

PASSING = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServerInternal",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Unavailable",
    }
)
"""Faults on AWS's side, after which the call may have been carried out or not."""

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
"""Credentials that the runtime is about to renew."""

NEVER_SENT = frozenset({"ConnectTimeoutError", "EndpointConnectionError"})
"""botocore found nobody to send the call to (botocore/exceptions.py): a single try was surely not carried out."""

TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500


@contextmanager
def translated(doing: str, passing: Collection[str] = ()) -> Iterator[None]:
    """Raise what botocore's error in the block means to the caller; ``doing`` says what was being tried.

    ``passing`` are codes of refusals that this call may meet for a moment only.
    """
    try:
        yield
    except Exception as error:
        failure = translation(error, doing)
        if failure is None:
            raise
        if isinstance(failure, Rejected) and failure.code in passing:
            failure = Transient(str(failure), failure.code)
        raise failure from error


@contextmanager
def tried_once(doing: str, passing: Collection[str] = ()) -> Iterator[None]:
    """``translated`` for an act, by a client that tries it once: Unanswered only where it may have been carried out.

    Of a client that tries again one hears what became of its last try: AWS refuses it because the first, of which no
    answer came, was carried out, or throttles it, and what has been done passes for refused, or for not done.
    """
    try:
        with translated(doing, passing):
            yield
    except Unanswered as error:
        if error.code in NEVER_SENT:
            raise Transient(str(error), error.code) from error
        raise


@contextmanager
def read_before(doing: str) -> Iterator[None]:
    """``translated`` for what is read before an act: where nobody answers the act was surely not made."""
    try:
        with translated(doing):
            yield
    except Unanswered as error:
        raise Transient(str(error), error.code) from error


def translation(error: Exception, doing: str) -> CallFailed | None:
    """What ``error`` means to the caller; None for an error that is not botocore's."""
    from botocore import exceptions  # noqa: PLC0415 - loaded by the client already; not for reading permissions

    match error:
        case exceptions.ClientError():
            return _answered(error.response, doing)
        case (
            exceptions.HTTPClientError()
            | exceptions.ConnectionError()
            | exceptions.IncompleteReadError()
            | exceptions.CredentialRetrievalError()
        ):
            return Unanswered(f"{doing}: no answer ({error})", code=type(error).__name__)
        case exceptions.BotoCoreError():
            return Rejected(f"{doing}: {error}", code=type(error).__name__)
    return None


def for_code(code: str, message: str, status: int = 0) -> CallFailed:
    """The error for an AWS error code and HTTP status."""
    if code in CAPACITY | THROTTLE | BUSY | EXPIRED or status == TOO_MANY_REQUESTS:
        return Transient(message, code)
    if code in PASSING or status >= SERVER_ERROR:
        return Unanswered(message, code)
    return Rejected(message, code)


def _answered(response: object, doing: str) -> CallFailed:
    answer = response if isinstance(response, dict) else {}
    error = answer.get("Error", {})
    code = str(error.get("Code", ""))
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return for_code(code, f"{doing}: {code}: {error.get('Message', '')}", status)
