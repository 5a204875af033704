"""An empty AWS account in moto, for every test that talks to AWS."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

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

SESSION = boto3.Session("testing", "testing", region_name=REGION, botocore_session=new_session())
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
