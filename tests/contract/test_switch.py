"""What the kill switch says, read in memory as by the deployed edge on moto."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from defib.core.model import Switch
from sim.fuzz.trouble import Trouble
from tests.contract.ports import Befalls, Ports

Stage = Callable[..., Ports]


@pytest.mark.parametrize(
    ("says", "read"), [("on", Switch.ON), ("off", Switch.OFF), ("maybe", Switch.OFF), ("ON", Switch.OFF)]
)
def test_only_on_is_on(stage: Stage, says: str, read: Switch) -> None:
    assert stage(says=says).switch.read() is read


@pytest.mark.parametrize("trouble", [Trouble.REFUSED, Trouble.DENIED, Trouble.HANGS])
def test_one_that_can_not_be_read_is_no_exception(stage: Stage, trouble: Trouble) -> None:
    assert stage(befalls=Befalls(trouble, "switch.read")).switch.read() is Switch.UNREADABLE
