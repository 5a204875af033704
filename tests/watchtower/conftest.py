"""A deployed watchtower, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine

from tests.aws.account import SESSION, aws
from tests.watchtower.seen import NOW
from tests.watchtower.stage import Stage, Wire

__all__ = ["aws"]


@pytest.fixture
def time() -> Iterator[time_machine.Traveller]:
    """It moves only when it is moved."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def stage(
    aws: None,
    time: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Stage]:
    wire = Wire()
    SESSION.events.register("before-call", wire.before)  # type: ignore[arg-type]  # botocore takes an answer from it
    try:
        yield Stage(monkeypatch, tmp_path, capsys, wire)
    finally:
        SESSION.events.unregister("before-call", wire.before)  # type: ignore[arg-type]  # as above
