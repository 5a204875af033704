"""Calls of boto3's shape without boto3: for simulated services, and the few edges over them, that run in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from sim.boundary import Answer, Refusal, Response


class Calls:
    """``sim.boundary.Answers``, and clients for them."""

    def __init__(self) -> None:
        self._answers: dict[str, Answer] = {}

    def answer(self, name: str, answer: Answer) -> None:
        # boto3 writes the acronyms in its methods' names as words.
        self._answers[name.lower()] = answer

    def client(self, service: str) -> Any:
        """As much of boto3's client as there are answers for."""
        return _Client(service, self._answers)


class _Client:
    def __init__(self, service: str, answers: dict[str, Answer]) -> None:
        self._service = service
        self._answers = answers

    def get_paginator(self, method: str) -> _OnePage:
        return _OnePage(getattr(self, method))

    def __getattr__(self, method: str) -> Callable[..., Response]:
        operation = _operation(method)
        answer = self._answers.get(f"{self._service}:{operation}".lower())
        if answer is None:
            raise AttributeError(f"{self._service}:{operation} is not simulated in memory")

        def call(**params: Any) -> Response:
            try:
                return answer(params) or {}
            except Refusal as refusal:
                error: Any = {
                    "Error": {"Code": refusal.code, "Message": refusal.message},
                    "ResponseMetadata": {"HTTPStatusCode": refusal.status},
                }
                raise ClientError(error, operation) from refusal

        return call


class _OnePage:
    """Whatever there is, on one page."""

    def __init__(self, ask: Callable[..., Response]) -> None:
        self._ask = ask

    def paginate(self, **params: Any) -> Iterator[Response]:
        yield self._ask(**params)


@cache
def _operation(method: str) -> str:
    return "".join(part.capitalize() for part in method.split("_"))
