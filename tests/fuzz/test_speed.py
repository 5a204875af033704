"""How fast the fuzz is: what is measured, by which Python, and what a heal may take on any machine."""

from __future__ import annotations

import enum
import gc
import json
import platform
from collections.abc import Sequence

import pytest

from defib.core.case import Outcome
from defib.core.model import Cause
from sim import __main__ as command
from sim.fuzz import speed
from sim.fuzz.run import lived, quick
from sim.fuzz.speed import CALLS_MOST, calls_of_a_heal, incidents, interpreter, measured, of_size


def test_one_in_five_of_the_fleet_fails_and_each_is_healed() -> None:
    world, broken = lived(of_size(20))

    assert not broken
    assert incidents(world) == 4
    assert {case.outcome for case in world.cases()} == {Outcome.HEALED}


def test_what_is_measured_are_the_incidents_of_all_stories() -> None:
    rate = measured("plain heals", [of_size(5), of_size(10)], times=1)

    assert rate.incidents == 3
    assert rate.seconds > 0


def test_a_plain_heal_takes_no_more_calls_than_it_may_and_the_limit_leaves_room_for_no_third_more() -> None:
    calls = calls_of_a_heal()

    assert calls <= CALLS_MOST
    assert 1.33 * calls > CALLS_MOST


def test_what_a_heal_takes_is_the_same_each_time() -> None:
    assert calls_of_a_heal(5) == calls_of_a_heal(5)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("SIZES", (5, 10)), ("SEEDS", 2), ("TIMES", 1)):
        monkeypatch.setattr(speed, name, value)


@pytest.mark.usefixtures("short")
def test_the_figures_are_said_each_as_soon_as_it_is_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def measuring(what: str, *given: object, **named: object) -> speed.Rate:
        said.append(capsys.readouterr().out)
        return measured(what, *given, **named)  # type: ignore[arg-type]  # as it is called

    monkeypatch.setattr(speed, "measured", measuring)

    assert command.main(["fuzz", "--speed"]) == 0
    assert f"{CALLS_MOST:,}" in said[0]
    assert said[1].startswith("2 drawn stories: ")
    assert said[2].startswith("plain heals, fleet of 5: ")
    assert "fleet of 10: " in capsys.readouterr().out


@pytest.mark.usefixtures("short")
def test_for_a_program_the_figures_are_one_document_and_what_is_measured_is_said_beside_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command.main(["fuzz", "--speed", "--json"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)

    assert [rate["what"] for rate in told["rates"]] == [
        "2 drawn stories",
        "plain heals, fleet of 5",
        "plain heals, fleet of 10",
    ]
    assert all(rate["a_second"] == rate["incidents"] / rate["seconds"] for rate in told["rates"])
    assert told["calls"] <= told["calls_most"]
    assert "fleet of 10: 1 of 1 times" in err


@pytest.mark.usefixtures("short")
def test_a_heal_that_takes_more_calls_than_it_may_is_the_commands_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "CALLS_MOST", 5_000)

    assert command.main(["fuzz", "--speed"]) == 1


@pytest.mark.parametrize(
    ("given", "idle"),
    [
        (["--speed", "--seeds", "3"], "--seeds"),
        (["--speed", "--story", "a.toml", "--moto-every", "1"], "--moto-every and --story"),
        (["--story", "a.toml", "--from", "0"], "--from"),
        (["--story", "a.toml", "--seeds", "1"], "--seeds"),
    ],
)
def test_an_option_that_has_no_say_is_refused(
    given: Sequence[str], idle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["fuzz", *given]) == 2
    assert capsys.readouterr().err.endswith(f": leave {idle} out\n")


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
