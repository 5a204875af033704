"""The calls that a handler makes, noted at the boto3 boundary, and made again by bare clients."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import boto3
from botocore import xform_name

Call = tuple[str, str, dict[str, Any]]
"""Service, operation and parameters, fit for JSON."""


class NotDone(RuntimeError):
    """A measured invocation did less than its work."""


class Notebook:
    """Notes every call of clients that the default session makes from now on, but for those that are refused.

    The emulator knows less than AWS; what it refuses Defib does without, and the bare side needn't ask in vain.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        boto3.setup_default_session()
        session = boto3.DEFAULT_SESSION
        assert session is not None
        # Before any handler of botocore's own has its way with the parameters.
        session.events.register_first("provide-client-params", self._note)
        session.events.register("after-call", self._forget_if_refused)

    def made(self, proof: str) -> list[Call]:
        """The calls noted so far. Raises NotDone if ``proof``, an operation, is not among them."""
        operations = [operation for _, operation, _ in self.calls]
        if proof not in operations:
            raise NotDone(f"the invocation never came to {proof}: {', '.join(operations)}")
        return list(self.calls)

    def _note(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: object) -> None:
        context["bench_call"] = call = (model.service_model.service_name, model.name, _plain(params))
        self.calls.append(call)

    def _forget_if_refused(self, http_response: Any, context: dict[str, Any], **_: object) -> None:
        if http_response.status_code >= 300:
            self.calls.remove(context["bench_call"])


def clients_for(services: Iterable[str]) -> dict[str, list[Any]]:
    """Bare clients of the default session, one for each mention of a service."""
    make: Callable[..., Any] = boto3.client
    made: dict[str, list[Any]] = {}
    for service in services:
        made.setdefault(service, []).append(make(service))
    return made


def replay(calls: Sequence[Call], clients: Mapping[str, Sequence[Any]]) -> None:
    """Make ``calls`` again. Raises ClientError where one is refused: from the same state, none is."""
    for service, operation, params in calls:
        call: Callable[..., Any] = getattr(clients[service][0], xform_name(operation))
        call(**_real(params))


def _plain(value: Any) -> Any:
    match value:
        case bytes():
            return {"base64": base64.b64encode(value).decode()}
        case datetime():
            return {"time": value.isoformat()}
        case dict():
            return {key: _plain(part) for key, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
    return value


def _real(value: Any) -> Any:
    match value:
        case {"base64": str(encoded), **others} if not others:
            return base64.b64decode(encoded)
        case {"time": str(written), **others} if not others:
            return datetime.fromisoformat(written)
        case dict():
            return {key: _real(part) for key, part in value.items()}
        case list():
            return [_real(part) for part in value]
    return value
