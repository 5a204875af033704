"""An empty AWS account in moto, for every test that talks to AWS."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from defib.aws.models import new_session
from defib.core.policy import Calls
from sim import recalling, serializing, sizing

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "us-east-1"
ONCE = replace(Calls(), attempts=1)
"""A second try of a refused call would only make a test wait."""


class Shared(boto3.Session):
    """Makes clients with bounds, as Defib's are, anew; and one without any, as tests use to look, once a Region."""

    def __init__(self) -> None:
        super().__init__("testing", "testing", region_name=REGION, botocore_session=new_session())
        # What a test hooks onto this session is for the clients of what it tests.
        self._lookers = boto3.Session("testing", "testing", region_name=REGION, botocore_session=new_session())
        self._made: dict[tuple[str, str | None], Any] = {}

    def client(self, service_name: str, region_name: str | None = None, **how: Any) -> Any:  # type: ignore[override]  # the stubs have an overload a service
        if how:
            return super().client(service_name, region_name=region_name, **how)  # type: ignore[call-overload]  # as above
        key = (service_name, region_name)
        if key not in self._made:
            self._made[key] = self._lookers.client(*key)  # type: ignore[call-overload]  # as above
        return self._made[key]


SESSION = Shared()
"""Shared by all tests: reading EC2's model takes longer than any of them. Read as functions read it."""


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty account without AWS's thousands of images."""
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws(), serializing.quick(), sizing.quick(), recalling.quick():
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", SESSION)
        yield


def received(url: str) -> list[str]:
    """What waits in a queue of the account, in the order in which it comes."""
    bodies: list[str] = []
    while messages := boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [message["Body"] for message in messages]
    return bodies
