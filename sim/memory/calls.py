"""Calls of boto3's shape without boto3: for simulated services, and the few edges over them, that run in memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from sim.boundary import Answer, Refusal, Response


class Calls:
    """``sim.boundary.Answers``, and clients for them."""

    def __init__(self) -> None:
        self._answers: dict[str, Answer] = {}

    def answer(self, name: str, answer: Answer) -> None:
        self._answers[name] = answer

    def client(self, service: str) -> Any:
        """As much of boto3's client as there are answers for."""
        return _Client(service, self._answers)


class _Client:
    def __init__(self, service: str, answers: dict[str, Answer]) -> None:
        self._service = service
        self._answers = answers

    def __getattr__(self, method: str) -> Callable[..., Response]:
        operation = _operation(method)
        answer = self._answers.get(f"{self._service}:{operation}")
        if answer is None:
            raise AttributeError(f"{self._service}:{operation} is not simulated in memory")

        def call(**params: Any) -> Response:
            try:
                return answer(params) or {}
            except Refusal as refusal:
                error: Any = {"Error": {"Code": refusal.code, "Message": refusal.message}}
                raise ClientError(error, operation) from refusal

        return call


@cache
def _operation(method: str) -> str:
    return "".join(part.capitalize() for part in method.split("_"))
