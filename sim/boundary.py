"""The boto3 boundary: every call of the code under replay passes here before moto and after it.

botocore's own events are the hook: ``before-call`` may answer instead of the service, ``after-call`` amends answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.model import OperationModel

Params = dict[str, Any]
Response = dict[str, Any]
Answer = Callable[[Params], Response | None]
Amend = Callable[[Params, Response], None]


class Refusal(Exception):
    """The simulated service refuses a call with an AWS error code."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class Call:
    """One call to AWS."""

    service: str
    operation: str
    params: Params
    attempts: int = 1
    """How often the client tries it in all while the service is too busy."""

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"


@dataclass(frozen=True, slots=True)
class _Http:
    """As much of an HTTP response as botocore looks at when a hook answers."""

    status_code: int


class Boundary:
    """Hooks on the default boto3 session; clients made from it afterwards are covered."""

    def __init__(self, session: boto3.Session) -> None:
        self._answers: dict[str, Answer] = {}
        self._amends: dict[str, list[Amend]] = {}
        self.admit: Callable[[Call], None] = lambda _: None
        """Called first with every call; raises Refusal to turn it away."""
        self._aside = False
        session.events.register("before-parameter-build", self._note_params)
        session.events.register("before-call", self._before)  # type: ignore[arg-type]  # botocore takes an answer from it
        session.events.register("after-call", self._after)

    def answer(self, name: str, answer: Answer) -> None:
        """Answer calls of ``service:Operation`` here; those that ``answer`` gives None for go on to moto."""
        self._answers[name] = answer

    def amend(self, name: str, amend: Amend) -> None:
        """Let ``amend`` see, and change in place, moto's good answers to ``service:Operation``."""
        self._amends.setdefault(name, []).append(amend)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Within it, calls are the simulator's own, and go straight to moto."""
        self._aside = True
        try:
            yield
        finally:
            self._aside = False

    def _note_params(self, params: Params, context: dict[str, Any], **_: object) -> None:
        context["sim_params"] = dict(params)

    def _before(self, model: OperationModel, context: dict[str, Any], **_: object) -> tuple[_Http, Response] | None:
        if self._aside:
            return None
        attempts = (context["client_config"].retries or {}).get("total_max_attempts", 1)
        call = Call(model.service_model.service_name, model.name, context["sim_params"], attempts)
        try:
            self.admit(call)
            answer = self._answers.get(call.name)
            response = answer(call.params) if answer else None
            if response is None:
                return None
            return _Http(200), {**response, "ResponseMetadata": {"HTTPStatusCode": 200, "RetryAttempts": 0}}
        except Refusal as refusal:
            return _Http(refusal.status), {
                "Error": {"Code": refusal.code, "Message": refusal.message},
                "ResponseMetadata": {"HTTPStatusCode": refusal.status, "RetryAttempts": 0},
            }

    def _after(
        self, model: OperationModel, parsed: Response, context: dict[str, Any], http_response: Any, **_: object
    ) -> None:
        if self._aside or http_response.status_code >= 300:
            return
        for amend in self._amends.get(f"{model.service_model.service_name}:{model.name}", ()):
            amend(context["sim_params"], parsed)
