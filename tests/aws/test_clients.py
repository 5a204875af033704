"""No call without an end: every client of every function has deadlines and a bound on its tries."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest

from defib.aws.clients import client
from defib.core.policy import Calls

FUNCTIONS = Path(__file__).parents[2] / "functions" / "defib"
CALLS = Calls(connect_timeout=timedelta(milliseconds=1500), read_timeout=timedelta(seconds=4), attempts=3)


@pytest.mark.parametrize("service", ["cloudwatch", "dynamodb", "ec2", "elbv2", "s3", "sns", "sqs"])
def test_a_client_has_the_deadlines_of_the_policy(service: str) -> None:
    made = client(service, CALLS)  # type: ignore[call-overload] # the table's strings are the literals

    config = made.meta.config
    assert (config.connect_timeout, config.read_timeout) == (1.5, 4.0)
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}


def test_clients_are_made_in_one_place_only() -> None:
    makers = {
        str(path.relative_to(FUNCTIONS))
        for path in FUNCTIONS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"client", "resource", "Session"} and _is_boto3(node.value)
    }

    assert makers == {"aws/clients.py"}


def test_the_clock_is_read_in_one_place_only() -> None:
    readers = {
        str(path.relative_to(FUNCTIONS))
        for path in FUNCTIONS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"} and _is_datetime(node.value))
        or (isinstance(node, ast.Import) and any(alias.name == "time" for alias in node.names))
    }

    assert readers == {"aws/clock.py"}


def _is_boto3(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in {"boto3", "botocore"}


def _is_datetime(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in {"datetime", "date"}
