"""One Lambda execution environment: a fresh copy of a handler module, its variables, output and metrics."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from typing import Any, TextIO

from sim.clock import Guise, SimulatorGap
from sim.function import Function

OnLine = Callable[[Function, str], None]


class Output:
    """Stands in for ``sys.stdout``: lines of the running environment go to the replay, all else to the terminal."""

    def __init__(self) -> None:
        self.sink: Callable[[str], object] | None = None

    def write(self, text: str) -> int:
        if self.sink is None:
            return _terminal().write(text)
        self.sink(text)
        return len(text)

    def flush(self) -> None:
        if self.sink is None:
            _terminal().flush()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Within it, everybody means the terminal."""
        sink, self.sink = self.sink, None
        try:
            yield
        finally:
            self.sink = sink

    def __getattr__(self, name: str) -> Any:
        return getattr(_terminal(), name)


VARIABLES: dict[Any, Any] = os.environ._data  # type: ignore[attr-defined]  # noqa: SLF001 - as said below
"""What Python knows of the process's variables. The C library, which no function asks, is told of no environment's: to
tell it, each time that a function goes on, is an eighth of what a storm takes to replay."""

OUTPUT = Output()
"""One for the whole process, because loggers keep the stream that they found when they were made."""


def _terminal() -> TextIO:
    terminal = sys.__stdout__
    assert terminal is not None
    return terminal


class Environment(Guise):
    """Imitates one sandbox of a function. Only one invocation at a time runs in it."""

    def __init__(self, function: Function, on_line: OnLine) -> None:
        self.function = function
        self.busy = False
        self.worn = False
        """Whether the code that runs right now runs in this environment."""
        self._on_line = on_line
        self._module: ModuleType | None = None
        variables, known = _variables(function), os.environ
        self._variables = {known.encodekey(name): known.encodevalue(value) for name, value in variables.items()}
        self._logger = variables.get("POWERTOOLS_SERVICE_NAME", function.word)
        self._saved: dict[Any, Any] = {}
        self._saved_stdout: TextIO | None = None
        self._lent: list[tuple[logging.StreamHandler[Any], Any]] = []
        """Loggers' handlers that write here meanwhile, and where they wrote before."""
        self._line = ""
        self._metrics: dict[str, dict[str, Any]] = {"_metrics": {}, "_dimensions": {}, "_default_dimensions": {}}

    @property
    def cold(self) -> bool:
        return self._module is None

    def run(self, event: Mapping[str, Any], context: Context) -> Any:
        """Import the handler if this environment is new, and invoke it."""
        if self._module is None:
            self._module = self._load()
        handler = getattr(self._module, self.function.handler.rpartition(".")[2])
        return handler(event, context)

    def put_on(self) -> None:
        from aws_lambda_powertools.metrics import Metrics  # noqa: PLC0415  # heavy, and only a replay needs it

        self.worn = True
        self._saved = {name: VARIABLES.get(name) for name in self._variables}
        VARIABLES.update(self._variables)
        # Powertools keeps its metric set on the class, that is, once a process; a sandbox is a process of its own.
        for name, value in self._metrics.items():
            setattr(Metrics, name, value)
        self._saved_stdout = sys.stdout
        # The stream wraps what loggers hold on to, so it must be the same object in every environment.
        sys.stdout = OUTPUT
        OUTPUT.sink = self._write
        # One that was made outside, by a test of the handler in this process, would write past the replay.
        for handler in logging.getLogger(self._logger).handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is not OUTPUT:
                self._lent.append((handler, handler.stream))
                handler.stream = OUTPUT

    def take_off(self) -> None:
        self.worn = False
        OUTPUT.sink = None
        assert self._saved_stdout is not None
        sys.stdout = self._saved_stdout
        while self._lent:
            handler, stream = self._lent.pop()
            handler.stream = stream
        for name, value in self._saved.items():
            if value is None:
                VARIABLES.pop(name, None)
            else:
                VARIABLES[name] = value

    def _write(self, text: str) -> None:
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            if line:
                self._on_line(self.function, line)

    def _load(self) -> ModuleType:
        name = self.function.handler.rpartition(".")[0]
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            raise SimulatorGap(f"the template's handler {self.function.handler} is not on the path")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module


def _variables(function: Function) -> dict[str, str]:
    return {
        **{name: str(value) for name, value in function.environment.items()},
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "LAMBDA_TASK_ROOT": str(function.task_root),
    }


@dataclass(frozen=True)
class Context:
    """The context object of one invocation (Lambda developer guide, python-context)."""

    function_name: str
    memory_limit_in_mb: int
    invoked_function_arn: str
    aws_request_id: str
    deadline: datetime
    now: Callable[[], datetime]
    function_version: str = "$LATEST"
    log_stream_name: str = "replay"

    @property
    def log_group_name(self) -> str:
        return f"/aws/lambda/{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return int((self.deadline - self.now()).total_seconds() * 1000)


def context_for(function: Function, number: int, deadline: datetime, now: Callable[[], datetime]) -> Context:
    request_id = f"00000000-0000-4000-8000-{number:012d}"
    return Context(function.name, function.memory, function.arn, request_id, deadline, now)
