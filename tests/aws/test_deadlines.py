"""No call without an end, anywhere: whoever opens a connection does so in a known place, with deadlines and a bound."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from defib.aws.clients import client
from defib.core.consistency import CALL_MOST
from defib.core.policy import Calls
from infra.functions import SHAPES
from watchtower import asking
from watchtower.readings import Own, Primary

ROOT = Path(__file__).parents[2]
TREES = {
    str(file.relative_to(ROOT)): ast.parse(file.read_text(encoding="utf-8"))
    for folder in ("functions", "infra")
    for file in sorted((ROOT / folder).rglob("*.py"))
}

TO_THE_NETWORK = (
    "aiohttp",
    "boto3",
    "botocore",
    "ftplib",
    "http.client",
    "httpx",
    "requests",
    "smtplib",
    "socket",
    "ssl",
    "telnetlib",
    "urllib.request",
    "urllib3",
    "websockets",
    "xmlrpc.client",
)
"""Modules by which a program can reach another machine."""
HARMLESS = ("boto3.dynamodb.types", "botocore.config", "botocore.exceptions", "urllib3.exceptions", "urllib3.util")
"""Parts of them that open nothing."""

PLACES = {
    "functions/defib/aws/clients.py": {"boto3"},
    "functions/defib/aws/models.py": {"botocore"},
    "functions/defib/publish/channels/http.py": {"urllib3"},
    "functions/watchtower/asking.py": {"boto3"},
    "functions/watchtower/handler.py": {"urllib3"},
    "functions/watchtower/https.py": {"urllib3"},
    "functions/watchtower/telling.py": {"urllib3"},
    "infra/deploy.py": {"boto3"},
}
"""The only files that import them, and which. All else calls by what they have made; a deploy asks for a Region."""


def test_a_connection_is_opened_in_a_known_place_only() -> None:
    assert {name: set(found) for name, tree in TREES.items() if (found := [*reaching_out(tree)])} == PLACES


def test_a_client_of_aws_is_made_with_a_config() -> None:
    made = {name: made for name, tree in TREES.items() if (made := [*clients_in(tree)])}

    assert set(made) == {"functions/defib/aws/clients.py", "functions/watchtower/asking.py"}
    assert all("config" in {keyword.arg for keyword in call.keywords} for calls in made.values() for call in calls)


def test_a_request_outside_aws_is_made_with_a_timeout_and_without_retries_of_urllib3s_own() -> None:
    for name, tree in TREES.items():
        for call in calls_in(tree):
            match ast.unparse(call.func).split("."):
                case [*_, "http" | "pool" | "_http" | "_pool", "request" | "urlopen"]:
                    assert {"timeout", "retries"} <= {k.arg for k in call.keywords}, f"{name}, line {call.lineno}"
                case [*_, "Timeout"]:
                    assert {"connect", "read"} <= {k.arg for k in call.keywords}, f"{name}, line {call.lineno}"


@pytest.mark.parametrize("handler", SHAPES)
def test_the_worst_call_of_a_function_ends_well_inside_its_time(handler: str) -> None:
    timeout = timedelta(seconds=SHAPES[handler].timeout_s)

    # Of the shipped policy, with a third to spare; of any that the parser admits, with time left to report it.
    assert Calls().longest <= timeout * 2 / 3
    assert timeout - timedelta(seconds=4) > CALL_MOST


def test_the_worst_call_is_counted_as_botocore_makes_it() -> None:
    config: Any = client("sqs", Calls()).meta.config

    tried = config.retries["total_max_attempts"] * (config.connect_timeout + config.read_timeout)
    assert timedelta(seconds=tried) < Calls().longest <= timedelta(seconds=15)
    assert replace(Calls(), attempts=1).longest == timedelta(seconds=7)
    # Pauses of 1, 2 and 4 s (botocore, retries/standard.py).
    assert replace(Calls(), attempts=4).longest == timedelta(seconds=4 * 7 + 1 + 2 + 4)


def test_every_client_of_the_watchtower_has_its_deadlines_and_no_second_try() -> None:
    for made in (Primary.of("us-east-1"), Own.of("us-west-2")):
        for name in type(made).__slots__:
            config: Any = getattr(made, name).meta.config
            assert config.connect_timeout == asking.CONNECT_TIMEOUT.total_seconds()
            assert config.read_timeout == asking.READ_TIMEOUT.total_seconds()
            assert config.retries["total_max_attempts"] == asking.ATTEMPTS == 1


def reaching_out(tree: ast.AST) -> Iterator[str]:
    """The modules of TO_THE_NETWORK that a file imports, other than for type checking."""
    for name in imported(tree):
        if not name.startswith(HARMLESS):
            yield from (module for module in TO_THE_NETWORK if name == module or name.startswith(f"{module}."))


def imported(node: ast.AST) -> Iterator[str]:
    """Every name that is imported, with its module: ``urllib3.PoolManager``."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from (f"{module}.{alias.name}" for alias in names)
            case _:
                yield from imported(child)


def calls_in(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def clients_in(tree: ast.AST) -> Iterator[ast.Call]:
    """Every call that makes a client; ``boto3.client`` may be called by another name."""
    makers = {"boto3.client", "boto3.resource"}
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and node.value is not None and ast.unparse(node.value) in makers:
            makers.add(ast.unparse(node.target))
    yield from (call for call in calls_in(tree) if ast.unparse(call.func) in makers)
