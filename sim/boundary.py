"""The boto3 boundary: every call of the code under replay passes here before moto and after it.

botocore's own events are the hook: ``before-call`` may answer instead of the service, ``after-call`` amends answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

import boto3
from botocore import xform_name
from botocore.exceptions import ReadTimeoutError
from botocore.model import OperationModel

from sim.template import REGION

Params = dict[str, Any]
Response = dict[str, Any]
Answer = Callable[[Params], Response | None]
Amend = Callable[[Params, Response], None]


class Answers(Protocol):
    """Where a simulated service says what it answers: before moto, or in memory (sim/memory/calls.py)."""

    def answer(self, name: str, answer: Answer) -> None:
        """Answer calls of ``service:Operation``."""
        ...


class Killed(BaseException):
    """The process ends where it stands, as after SIGKILL; no handler can catch it."""


class Refusal(Exception):
    """The simulated service refuses a call with an AWS error code."""

    def __init__(self, code: str, message: str, status: int = 400, more: Response | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.more = more or {}
        """What else the error's answer holds."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to AWS."""

    service: str
    operation: str
    params: Params
    attempts: int = 1
    """How often the client tries it in all while the service is too busy."""
    region: str = REGION
    """Of the service that is called."""
    connect_timeout: timedelta = timedelta(seconds=60)
    read_timeout: timedelta = timedelta(seconds=60)
    """Both botocore's own (Config), unless the client has others."""
    url: str = ""
    carry_out: Callable[..., Response] = field(default=lambda **_: {}, repr=False)
    """Has the service do it once more, with some parameters changed, and gives its answer."""

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"

    @property
    def patience(self) -> timedelta:
        """The longest that one attempt can wait for nothing: nearly all of one timeout, then all of the other."""
        return self.connect_timeout + self.read_timeout

    def unanswered(self) -> ReadTimeoutError:
        """What botocore raises after the last attempt."""
        return ReadTimeoutError(endpoint_url=self.url, error="simulated: nothing answers")


@dataclass(frozen=True, slots=True)
class _Http:
    """As much of an HTTP response as botocore looks at when a hook answers."""

    status_code: int


class Boundary:
    """Hooks on the default boto3 session; clients made from it afterwards are covered."""

    def __init__(self, session: boto3.Session) -> None:
        self._answers: dict[str, Answer] = {}
        self._amends: dict[str, list[Amend]] = {}
        self.admit: Callable[[Call], Response | None] = lambda _: None
        """Called first with every call; may answer it, and raises Refusal, or what botocore does, to turn it away."""
        self.answered: Callable[[], None] = lambda: None
        """Called last with every call that was answered, be it by an error."""
        self.call: Call | None = None
        """The last call that was let through; nothing else is until its answer is given and amended."""
        self._session = session
        self._aside = self._again = False
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

    def _before(
        self, model: OperationModel, params: Params, context: dict[str, Any], **_: object
    ) -> tuple[_Http, Response] | None:
        if self._aside:
            return None
        call = self._call(model, params, context)
        try:
            response = None if self._again else self.admit(call)
            self.call = call
            if response is None:
                answer = self._answers.get(call.name)
                response = answer(call.params) if answer else None
            if response is None:
                return None
            return _Http(200), {**response, "ResponseMetadata": {"HTTPStatusCode": 200, "RetryAttempts": 0}}
        except Refusal as refusal:
            return _Http(refusal.status), {
                **refusal.more,
                "Error": {"Code": refusal.code, "Message": refusal.message},
                "ResponseMetadata": {"HTTPStatusCode": refusal.status, "RetryAttempts": 0},
            }

    def _call(self, model: OperationModel, params: Params, context: dict[str, Any]) -> Call:
        config, region = context["client_config"], context["client_region"]
        service, given = model.service_model.service_name, context["sim_params"]

        def carry_out(**changed: Any) -> Response:
            client: Any = self._session.client(service, region_name=region)  # type: ignore[call-overload]  # any service
            again, self._again = self._again, True
            try:
                answer: Response = getattr(client, xform_name(model.name))(**{**given, **changed})
            except client.exceptions.ClientError as error:
                # Nobody hears the answer of what is carried out so; it may be that it can't be.
                answer = dict(error.response)
            finally:
                self._again = again
            return answer

        return Call(
            service,
            model.name,
            given,
            (config.retries or {}).get("total_max_attempts", 1),
            region,
            timedelta(seconds=config.connect_timeout),
            timedelta(seconds=config.read_timeout),
            params.get("url", ""),
            carry_out,
        )

    def _after(
        self, model: OperationModel, parsed: Response, context: dict[str, Any], http_response: Any, **_: object
    ) -> None:
        if self._aside:
            return
        if http_response.status_code < 300:
            for amend in self._amends.get(f"{model.service_model.service_name}:{model.name}", ()):
                amend(context["sim_params"], parsed)
        if not self._again:
            self.answered()
