"""Each test of these suites is put to the ports in memory, and to the edges that are deployed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack

import pytest

from tests.contract import posting, saying
from tests.contract.ports import STAGES, Ports
from tests.contract.posting import Posting
from tests.contract.saying import Saying

Stage = Callable[..., AbstractContextManager[Ports]]
Post = Callable[..., AbstractContextManager[Posting]]
Say = Callable[..., AbstractContextManager[Saying]]


@pytest.fixture(params=sorted(STAGES))
def stage(request: pytest.FixtureRequest) -> Iterator[Callable[..., Ports]]:
    """Sets up the fleet of tests/contract/ports.py, with faults and trouble."""
    with ExitStack() as entered:
        made: Stage = STAGES[request.param]
        yield lambda *how, **more: entered.enter_context(made(*how, **more))


@pytest.fixture(params=sorted(posting.STAGES))
def post(request: pytest.FixtureRequest) -> Iterator[Callable[..., Posting]]:
    """Sets up the queues and topics of tests/contract/posting.py, with trouble."""
    with ExitStack() as entered:
        made: Post = posting.STAGES[request.param]
        yield lambda *how: entered.enter_context(made(*how))


@pytest.fixture(params=sorted(saying.STAGES))
def bus(request: pytest.FixtureRequest) -> Iterator[Callable[..., Saying]]:
    """Sets up the bus of tests/contract/saying.py, with trouble."""
    with ExitStack() as entered:
        made: Say = saying.STAGES[request.param]
        yield lambda *how: entered.enter_context(made(*how))
