"""Handlers are light to import, ask for what they need by name, and make no call without a deadline."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError

from defib.core.case import Action
from defib.core.model import InstanceState, Observation
from defib.core.policy import Calls
from defib.handlers.environment import Environment, MissingVariable
from defib.shell.ports import Unanswered
from tests.aws.cases import NOON, WEB_1, a_case, an_attempt
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
THROTTLED = b"<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>"


class Body(BytesIO):
    """As much of urllib3's response as botocore reads."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()


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


def test_what_acts_tries_each_call_once_since_a_second_try_says_nothing_of_the_first(stage: Stage) -> None:
    performing, shifting, *_ = stage.handler("remediate")._built()

    acting = [value() for value in vars(performing.actor).values() if callable(value)]
    acting.append(shifting.router._make())

    services = [client.meta.service_model.service_name for client in acting]
    assert services == ["ec2", "elbv2", "autoscaling", "arc-zonal-shift"]
    assert {client.meta.config.retries["total_max_attempts"] for client in acting} == {1}


def test_a_stop_that_was_perhaps_made_is_never_told_as_one_that_was_not(stage: Stage) -> None:
    """Else Defib would take its own stop for a person's, and leave the instance stopped."""
    performing, *_ = stage.handler("remediate")._built()
    sent: list[str] = []

    def lost_and_then_throttled(request: Any, **_: object) -> AWSResponse:
        sent.append(request.url)
        if len(sent) == 1:
            raise ReadTimeoutError(endpoint_url=request.url)
        return AWSResponse(request.url, 503, HTTPHeaders(), Body(THROTTLED))

    ec2 = performing.actor._ec2()
    ec2.meta.events.register_first("before-send.ec2.StopInstances", lost_and_then_throttled)
    looked = Observation(WEB_1, NOON, InstanceState.RUNNING, NOON)
    with pytest.raises(Unanswered):
        performing.actor.perform(an_attempt(Action.STOP), a_case(), looked)


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
