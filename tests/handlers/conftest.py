"""A deployed Defib for every test of the handlers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine

from defib.aws.clients import client
from defib.aws.store import DynamoStore
from defib.core.policy import Retention
from tests.aws.account import ONCE, aws
from tests.aws.cases import NOON
from tests.aws.table import TABLE
from tests.handlers.digest import Digest
from tests.handlers.links import Answers, asking
from tests.handlers.stage import Stage

__all__ = ["aws"]


@pytest.fixture
def stage(aws: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stage]:
    """At noon, where time stands still."""
    with time_machine.travel(NOON, tick=False):
        yield Stage(monkeypatch, tmp_path)


@pytest.fixture
def store(stage: Stage) -> DynamoStore:
    """What the functions remember."""
    return DynamoStore(client("dynamodb", ONCE), TABLE, Retention())


@pytest.fixture
def answers(stage: Stage) -> Answers:
    """Behind links, with one question asked."""
    return asking(stage)


@pytest.fixture
def digest(stage: Stage) -> Digest:
    """Behind links, with several incidents that ask for somebody."""
    return Digest(stage)
