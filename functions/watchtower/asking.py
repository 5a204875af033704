"""Every call of the watchtower: bounded each by itself, and all together by the time that a look has.

Whoever has not answered once in a look is not asked again in it, so that the worst look lasts as long as one unanswered
call to each service, and people are still told (``LONGEST``).
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, overload

from watchtower.model import Unknown, Why

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_ssm import SSMClient

CONNECT_TIMEOUT = timedelta(seconds=1.5)
READ_TIMEOUT = timedelta(seconds=2.5)
ATTEMPTS = 1
"""The next look, a minute later, is the retry."""
CALL = CONNECT_TIMEOUT + READ_TIMEOUT

AFRESH = {"Connection": "close"}
"""Headers of every call: the next opens a connection of its own. Between two looks the function is frozen, and what it
has kept of its connections is often dead when it wakes (Lambda Developer Guide, Best practices)."""

READING = timedelta(seconds=36)
"""How long a look may read; then what was not asked is not known, and people are told what is."""
TELLING = 3 * CALL
"""What follows the reading: a message, what is remembered of it, and the ping outside."""
LONGEST = READING + TELLING
"""The longest look; the function's own timeout is beyond it (infra/watchtower.py)."""

T = TypeVar("T")


class EventsClient(Protocol):
    """As much of EventBridge's client as the watchtower uses."""

    def put_events(self, *, Entries: Sequence[Mapping[str, str]]) -> Mapping[str, Any]: ...  # noqa: N803 - AWS's name

    def list_rules(self, **asked: str) -> Mapping[str, Any]: ...


@overload
def client(service: Literal["cloudwatch"], region: str) -> CloudWatchClient: ...


@overload
def client(service: Literal["dynamodb"], region: str) -> DynamoDBClient: ...


@overload
def client(service: Literal["events"], region: str) -> EventsClient: ...


@overload
def client(service: Literal["sns"], region: str) -> SNSClient: ...


@overload
def client(service: Literal["ssm"], region: str) -> SSMClient: ...


def client(service: Any, region: str) -> Any:
    """A client whose every call ends within ``CALL``.

    The garbage collector is held off meanwhile: a service's model is nothing but lasting objects.
    """
    import boto3  # noqa: PLC0415 - takes long, and pure tests need none
    from botocore.config import Config  # noqa: PLC0415 - as boto3

    config = Config(
        connect_timeout=CONNECT_TIMEOUT.total_seconds(),
        read_timeout=READ_TIMEOUT.total_seconds(),
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    collects = gc.isenabled()
    gc.disable()
    try:
        made: Any = boto3.client(service, region_name=region, config=config)
        made.meta.events.register("before-send", _afresh)
        return made
    finally:
        # Both together move what is new to the oldest generation, unvisited; the first collection would walk it all.
        gc.freeze()
        gc.unfreeze()
        if collects:
            gc.enable()


def _afresh(request: AWSPreparedRequest, **_: object) -> None:
    for name, value in AFRESH.items():
        request.headers[name] = value


@dataclass(slots=True)
class Asking:
    """One look's questions. ``now`` is the clock, ``until`` when the reading must end."""

    now: Callable[[], datetime]
    until: datetime
    _mute: dict[str, str] = field(default_factory=dict)
    """Whom nobody heard from, and how that was."""

    def ask(self, whom: str, question: Callable[[], T]) -> T | Unknown:
        """The answer of ``whom``, such as ``SNS in us-east-1``; never raises for a call that fails."""
        if whom in self._mute:
            return Unknown(Why.SILENT, self._mute[whom])
        if self.now() + CALL > self.until:
            return Unknown(Why.NO_TIME, f"no time was left to ask {whom}")
        found = attempt(whom, question)
        if isinstance(found, Unknown) and found.why is Why.SILENT:
            self._mute[whom] = found.detail
        return found


def attempt(whom: str, question: Callable[[], T]) -> T | Unknown:
    """The answer of ``whom``, or why there is none; never raises for a call that fails."""
    from botocore.exceptions import (  # noqa: PLC0415 - as boto3
        BotoCoreError,
        ClientError,
        ConnectTimeoutError,
        HTTPClientError,
        ReadTimeoutError,
    )
    from botocore.exceptions import ConnectionError as NoConnection  # noqa: PLC0415 - as boto3
    from urllib3.exceptions import HTTPError, TimeoutError  # noqa: A004, PLC0415 - urllib3's own; beside its only use

    try:
        return question()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        return Unknown(Why.REFUSED, f"{whom} answers {code or 'an error'}")
    except (ConnectTimeoutError, ReadTimeoutError, TimeoutError):
        return Unknown(Why.SILENT, f"{whom} timed out")
    except (NoConnection, HTTPClientError, HTTPError):
        return Unknown(Why.SILENT, f"{whom} can't be reached")
    except (BotoCoreError, Unreadable) as error:
        return Unknown(Why.REFUSED, f"{whom}: {error}")
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        # An answer of another shape must not silence all the others.
        return Unknown(Why.REFUSED, f"{whom} answers what makes no sense: {type(error).__name__}")


class Unreadable(ValueError):
    """An answer that makes no sense."""
