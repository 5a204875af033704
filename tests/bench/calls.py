"""The calls that a handler makes, noted at the boto3 boundary, and made again by bare clients."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError

Call = tuple[str, str, dict[str, Any]]
"""Service, operation and parameters, fit for JSON."""


class NotDone(RuntimeError):
    """A measured invocation did less than its work."""


class Notebook:
    """Notes every call of clients that the default session makes from now on."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        boto3.setup_default_session()
        session = boto3.DEFAULT_SESSION
        assert session is not None
        session.events.register("before-parameter-build", self._note)

    def made(self, proof: str) -> list[Call]:
        """The calls noted so far. Raises NotDone if ``proof``, an operation, is not among them."""
        operations = [operation for _, operation, _ in self.calls]
        if proof not in operations:
            raise NotDone(f"the invocation never came to {proof}: {', '.join(operations)}")
        return list(self.calls)

    def _note(self, params: dict[str, Any], model: Any, **_: object) -> None:
        self.calls.append((model.service_model.service_name, model.name, _plain(params)))


def replay(calls: Sequence[Call], clients: dict[str, Any]) -> None:
    """Make ``calls`` again. What is refused was refused then, too."""
    for service, operation, params in calls:
        call: Callable[..., Any] = getattr(clients[service], xform_name(operation))
        try:
            call(**_bytes(params))
        except ClientError:
            continue


def _plain(value: Any) -> Any:
    match value:
        case bytes():
            return {"base64": base64.b64encode(value).decode()}
        case dict():
            return {key: _plain(part) for key, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
    return value


def _bytes(params: dict[str, Any]) -> dict[str, Any]:
    """``params`` with the bodies of uploads as bytes again."""
    return {key: base64.b64decode(v["base64"]) if _is_bytes(v) else v for key, v in params.items()}


def _is_bytes(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"base64"}
