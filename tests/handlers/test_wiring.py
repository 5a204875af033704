"""Handlers are light to import, ask for what they need by name, and make no call without a deadline."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from defib.core.policy import Calls
from defib.handlers.environment import Environment, MissingVariable
from tests.handlers.stage import HANDLERS, Stage, clients_in

FUNCTIONS = Path(__file__).parents[2] / "functions"

NEEDS = {
    "diagnose": {"TABLE", "SIGNALS_QUEUE", "ORDERS_QUEUE", "EVIDENCE_QUEUE", "NOTICES_QUEUE", "KILL_SWITCH"},
    "remediate": {"TABLE", "SIGNALS_QUEUE", "KILL_SWITCH"},
    "evidence": {"TABLE", "SIGNALS_QUEUE", "EVIDENCE_BUCKET"},
    "publish": {"TABLE", "INCIDENTS_TOPIC", "ANSWERS_SECRET", "NOTICES_QUEUE"},
    "sweep": {"TABLE", "SIGNALS_QUEUE", "NOTICES_QUEUE"},
    "page": {"TABLE", "NOTICES_QUEUE", "PAGE_BUCKET", "PAGE_URL"},
    "stashboard": {"TABLE", "STASHBOARD_SECRET", "PAGE_URL"},
    "answer": {"TABLE", "ANSWERS_SECRET"},
    "subscribe": {"TABLE", "SUBSCRIBERS_TOPIC", "PAGE_URL"},
    "elsewhere": {"TABLE", "NOTICES_QUEUE", "OTHER_PAGE", "OTHER_PAGE_SECRET"},
}
ALL = {variable for needed in NEEDS.values() for variable in needed}


@pytest.mark.parametrize("handler", HANDLERS)
def test_importing_a_handler_loads_no_boto3_and_reads_no_environment(handler: str) -> None:
    code = f"""
import os, sys
class Unread(dict):
    def refuse(self, name, *_):
        if str(name).startswith(("DEFIB_", "POWERTOOLS_", "AWS_", "LAMBDA_")):
            raise AssertionError(f"read {{name}} at import")
        return None
    get = __getitem__ = refuse
sys.path.insert(0, {str(FUNCTIONS)!r})
os.environ = Unread()
os.getenv = os.environ.get
import defib.handlers.{handler}
heavy = {{"boto3", "botocore", "aws_lambda_powertools"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_function_needs_no_more_of_its_environment_than_it_is_granted(stage: Stage, handler: str) -> None:
    for unneeded in ALL - NEEDS[handler]:
        stage.handler(handler, without=f"DEFIB_{unneeded}")._built()


@pytest.mark.parametrize(("handler", "needed"), [(h, n) for h in HANDLERS for n in sorted({*NEEDS[h], "POLICY"})])
def test_a_missing_variable_is_named(stage: Stage, handler: str, needed: str) -> None:
    with pytest.raises(MissingVariable, match=f"the environment variable DEFIB_{needed} is not set"):
        stage.handler(handler, without=f"DEFIB_{needed}")._built()


@pytest.mark.parametrize("handler", HANDLERS)
def test_every_client_of_a_function_has_the_policys_deadlines(stage: Stage, handler: str) -> None:
    clients = set(clients_in(stage.handler(handler)._built()))

    assert clients
    for client in clients:
        config: Any = client.meta.config
        assert config.connect_timeout == Calls().connect_timeout.total_seconds()
        assert config.read_timeout == Calls().read_timeout.total_seconds()
        assert config.retries["total_max_attempts"] <= Calls().attempts


def test_edges_are_built_once_and_kept(stage: Stage) -> None:
    module = stage.handler("publish")

    assert module._built() is module._built()


def test_the_environment_is_read_when_asked_and_frozen_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEFIB_TABLE", "one")
    environment = Environment.read()
    monkeypatch.setenv("DEFIB_TABLE", "two")

    assert environment.table == "one"


def test_the_policy_is_the_operators_file_beside_the_code(stage: Stage) -> None:
    environment = Environment(stage.environment)

    assert [service.name for service in environment.policy().services] == ["web"]


def test_the_policy_holds_in_the_region_of_the_function(stage: Stage) -> None:
    elsewhere = Environment({**stage.environment, "AWS_REGION": "eu-west-1"})

    assert elsewhere.policy().region == "eu-west-1"
