"""What the simulated other pages have in common: who may call, what was asked, and what their readers see."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.internet import Failure, Request, Response

Json = dict[str, Any]


class Refusal(Exception):
    """The API answers with an error."""

    def __init__(self, status: int, message: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class Said:
    """One update, as its readers see it."""

    about: str
    """The id there of what it is about."""
    status: str
    """In Statuspage's words; empty where that page shows none."""
    body: str


class Server(ABC):
    """One other page."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.said: list[Said] = []
        """Of incidents, in the order in which they came."""
        self.planned: list[Said] = []
        """Of planned outages."""
        self.stands: dict[str, str] = {}
        """Each component by its id, in Statuspage's words."""

    @abstractmethod
    def answer(self, request: Request) -> Response | Failure:
        """What it says to ``request``, and does because of it."""


class Api(Server):
    """One that speaks JSON."""

    def answer(self, request: Request) -> Response | Failure:
        self.requests.append(request)
        try:
            self.admit(request)
            status, body = self.respond(request)
        except Refusal as refusal:
            error = json.dumps({"error": refusal.message, "message": refusal.message})
            return Response(refusal.status, error.encode(), refusal.headers)
        return Response(status, b"" if body is None else json.dumps(body).encode())

    @abstractmethod
    def admit(self, request: Request) -> None:
        """Raise Refusal for whoever may not call, or calls too often."""

    @abstractmethod
    def respond(self, request: Request) -> tuple[int, object]:
        """The status and the body of the answer. Raises Refusal."""


def authorized(request: Request, expected: str) -> None:
    """Raise Refusal unless the request has that Authorization header."""
    if request.headers.get("authorization") != expected:
        raise Refusal(401, "Could not authenticate")


def json_of(request: Request) -> Json:
    """The body. Raises Refusal for what is no JSON object."""
    try:
        found = json.loads(request.body)
    except ValueError:
        raise Refusal(400, "The body is no JSON") from None
    if not isinstance(found, dict):
        raise Refusal(400, "The body is no object")
    return found
