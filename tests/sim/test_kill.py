"""Each component dies in turn: a few are killed anew, and the table of the docs holds them all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from defib.core.duration import parse_duration
from sim.__main__ import main
from sim.kill import BOUND, NO_LOSS, NOBODY, Death, Told, deaths, measured, row, the_scenario
from sim.machinery import Strikes
from sim.machinery_check import words_of
from sim.measuring import BEGIN, DOCUMENT, END
from sim.replay import POLICIES, wiring_for
from sim.scenario import Scenario
from sim.wiring import Wiring

SEED = (1,)
NOTHING_LOST = "healed, told of"


@pytest.fixture(scope="module")
def wiring() -> Wiring:
    return wiring_for(POLICIES / f"{the_scenario().policy}.toml")


@pytest.fixture(scope="module")
def every(wiring: Wiring) -> dict[str, Death]:
    return {death.component: death for death in deaths(wiring, the_scenario().faults[0].at)}


@pytest.fixture(scope="module")
def rows() -> list[list[str]]:
    """The cells of the docs' table."""
    table = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    lines = [line.removeprefix("| ").removesuffix(" |") for line in table.splitlines() if line.startswith("| ")]
    return [line.split(" | ") for line in lines[1:]]


@pytest.mark.parametrize(
    ("component", "path"),
    [
        ("function `sweep`", "alarm sweep-heartbeat"),
        ("function `remediate`", "watchtower: remediate in us-east-1 is stuck: nothing is repaired"),
        ("function `answer`", "watchtower: answer in us-east-1 doesn't answer: its answer: HTTP status 500"),
        ("rule `approval-rule`", "watchtower: rule ApprovalRule in us-east-1 is switched off"),
        ("topic `incidents`", "watchtower: topic Incidents in us-east-1 delivers nothing: nobody may be told"),
    ],
)
def test_a_death_is_told_within_three_minutes_by_a_path_that_does_not_need_the_dead(
    every: dict[str, Death], component: str, path: str
) -> None:
    told = measured(every[component], the_scenario(), SEED)

    assert told.path == path
    assert told.after is not None
    assert told.after <= BOUND
    assert told.to == ("+12025550123", "oncall@example.com")


def test_what_nobody_is_told_of_makes_no_difference(every: dict[str, Death]) -> None:
    told = measured(every["alarm `fleet-alarm`"], the_scenario(), SEED)

    assert told.path == f"{NOBODY}: the sweep finds what it would"
    assert told.is_good
    assert max(told.late, told.word_late) <= NO_LOSS


def test_a_row_says_who_told_and_after_how_long_and_what_became_of_the_failing_instance() -> None:
    late, never, nothing = timedelta(seconds=40), timedelta.max, timedelta(0)
    told = Told("function `x`", "alarm x-errors", timedelta(seconds=100), (), never, late)

    assert row(told) == "| function `x` | alarm x-errors | 1m40s | not healed, told of 40s late |"
    assert told.is_good
    instead = f"{NOBODY}: y does the same"
    assert not Told("function `x`", instead, None, (), never, nothing).is_good
    assert not Told("function `x`", instead, None, (), nothing, late).is_good
    assert not Told("function `x`", NOBODY, None, (), nothing, nothing).is_good, "it says what does the same"
    assert Told("function `x`", instead, None, (), nothing, nothing).is_good
    assert not Told("function `x`", "alarm x-errors", timedelta(seconds=181), (), nothing, nothing).is_good


def test_each_dies_as_often_as_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[Sequence[int]] = []

    def measure(death: Death, scenario: Scenario, seeds: Sequence[int]) -> Told:
        del scenario
        played.append(tuple(seeds))
        return Told(death.component, "alarm x", timedelta(0), (), timedelta(0), timedelta(0))

    monkeypatch.setattr("sim.kill.measured", measure)
    monkeypatch.setattr("sim.kill.ordinary", lambda *_: None)

    assert main(["kill", "--only", "function `sweep`", "--seeds", "5"]) == 0
    assert played == [(1, 2, 3, 4, 5)]


def test_the_death_of_some_does_not_take_the_place_of_the_table_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    before = DOCUMENT.read_text(encoding="utf-8")

    assert main(["kill", "--only", "nothing of that name", "--seeds", "1", "--write"]) == 2
    assert "leave --only out" in capsys.readouterr().err
    assert DOCUMENT.read_text(encoding="utf-8") == before


def test_everything_that_a_stack_holds_dies_in_some_row(every: dict[str, Death], wiring: Wiring) -> None:
    struck = [(fault.strikes, word) for death in every.values() for fault in death.faults for word in fault.on]
    kinds = set(Strikes) - {Strikes.CALLS, Strikes.HOSTS}

    assert not [(kind, word) for kind in kinds for word in words_of(kind, wiring) if (kind, word) not in struck]
    assert {api.host for api in wiring.apis} <= {word for kind, word in struck if kind is Strikes.HOSTS}
    for what, number in (("table", wiring.tables), ("bucket", wiring.buckets), ("secret", wiring.secrets)):
        assert len([component for component in every if component.startswith(what)]) == len(number)


def test_the_table_of_the_docs_has_a_row_for_each_component(every: dict[str, Death], rows: list[list[str]]) -> None:
    assert [cells[0] for cells in rows] == list(every)


def test_each_row_of_the_docs_is_told_within_three_minutes_or_makes_no_difference(rows: list[list[str]]) -> None:
    for component, path, after, came in rows:
        if path.startswith(NOBODY):
            assert len(path) > len(f"{NOBODY}: "), component
            assert (component, after, came) == (component, "–", NOTHING_LOST)
        else:
            assert parse_duration(after) <= BOUND, component
