"""Moto under every test of the edges, and clients to talk to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from defib.aws.clients import client
from defib.aws.store import DynamoStore
from defib.core.policy import Retention
from tests.aws.account import ONCE, aws
from tests.aws.fleet import Fleet
from tests.aws.observing import Account
from tests.aws.table import TABLE, create_table
from tests.fakes import FakeClock, FakeStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_sqs import SQSClient

    from defib.shell.store import Store

__all__ = ["aws"]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def dynamodb() -> DynamoDBClient:
    """With the table of cases in it."""
    made = client("dynamodb", ONCE)
    create_table(made)
    return made


@pytest.fixture
def ec2() -> EC2Client:
    return client("ec2", ONCE)


@pytest.fixture
def elb() -> ElasticLoadBalancingv2Client:
    return client("elbv2", ONCE)


@pytest.fixture
def sqs() -> SQSClient:
    return client("sqs", ONCE)


@pytest.fixture
def fleet(ec2: EC2Client, elb: ElasticLoadBalancingv2Client) -> Fleet:
    return Fleet(ec2, elb)


@pytest.fixture
def account(ec2: EC2Client, elb: ElasticLoadBalancingv2Client, clock: FakeClock) -> Account:
    return Account(ec2, elb, clock)


@pytest.fixture
def table(dynamodb: DynamoDBClient) -> DynamoStore:
    return DynamoStore(dynamodb, TABLE, Retention())


@pytest.fixture(params=["dynamodb", "fake"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "fake":
        return FakeStore()
    table: Store = request.getfixturevalue("table")
    return table
