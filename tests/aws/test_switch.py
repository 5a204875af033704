"""The kill switch is on only when it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError

from defib.aws.clients import client
from defib.aws.switch import SsmSwitch
from defib.core.model import Switch
from tests.aws.account import ONCE

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

NAME = "/defib/Defib/healing"


@pytest.fixture
def ssm() -> SSMClient:
    return client("ssm", ONCE)


@pytest.mark.parametrize(
    ("value", "says"),
    [("on", Switch.ON), ("off", Switch.OFF), ("On", Switch.OFF), (" on", Switch.OFF), ("true", Switch.OFF)],
)
def test_only_on_is_on(ssm: SSMClient, value: str, says: Switch) -> None:
    ssm.put_parameter(Name=NAME, Type="String", Value=value)

    assert SsmSwitch(ssm, NAME).read() is says


def test_one_that_is_missing_is_unreadable(ssm: SSMClient) -> None:
    assert SsmSwitch(ssm, NAME).read() is Switch.UNREADABLE


def test_one_that_does_not_answer_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", boto3.Session("testing", "testing", region_name="us-east-1"))
    ssm = client("ssm", ONCE)

    def silence(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="https://ssm.us-east-1.amazonaws.com")

    ssm.meta.events.register_first("before-send.ssm", silence)

    assert SsmSwitch(ssm, NAME).read() is Switch.UNREADABLE


def test_it_is_read_anew_each_time(ssm: SSMClient) -> None:
    switch = SsmSwitch(ssm, NAME)
    ssm.put_parameter(Name=NAME, Type="String", Value="on")
    first = switch.read()
    ssm.put_parameter(Name=NAME, Type="String", Value="off", Overwrite=True)

    assert (first, switch.read()) == (Switch.ON, Switch.OFF)
