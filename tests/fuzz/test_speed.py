"""How fast the fuzz is: what is measured, and by which Python."""

from __future__ import annotations

import enum
import gc
import platform

import pytest

from defib.core.case import Outcome
from defib.core.model import Cause
from sim.fuzz.run import lived, quick
from sim.fuzz.speed import incidents, interpreter, measured, of_size


def test_one_in_five_of_the_fleet_fails_and_each_is_healed() -> None:
    world, broken = lived(of_size(20))

    assert not broken
    assert incidents(world) == 4
    assert {case.outcome for case in world.cases()} == {Outcome.HEALED}


def test_what_is_measured_are_the_incidents_of_all_stories() -> None:
    found, seconds = measured([of_size(5), of_size(10)], times=1)

    assert found == 3
    assert seconds > 0


@pytest.mark.parametrize(
    ("configured", "said"),
    [
        ("'--enable-shared' '--enable-optimizations' '--with-lto'", "built --enable-optimizations --with-lto"),
        ("'--enable-optimizations'", "built --enable-optimizations"),
        ("'--enable-shared'", "whether it was built with optimizations it does not say"),
        (None, "whether it was built with optimizations it does not say"),
    ],
)
def test_the_interpreter_is_named_with_what_it_says_of_its_build(configured: str | None, said: str) -> None:
    assert interpreter(configured) == f"{platform.python_implementation()} {platform.python_version()}, {said}"


def test_members_of_enums_are_the_same_while_stories_are_quick_and_all_is_as_before_afterwards() -> None:
    before = enum.EnumType.__dict__.get("__getattr__"), gc.get_threshold()

    with quick():
        assert Cause.HEALTHY is Cause("healthy")
        assert all(getattr(Cause, cause.name) is cause for cause in Cause)
        with pytest.raises(AttributeError):
            _ = Cause.UNHEARD_OF  # type: ignore[attr-defined]

    assert (enum.EnumType.__dict__.get("__getattr__"), gc.get_threshold()) == before
