"""Each component dies in turn: a few are killed anew, and the table of the docs knows them all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sim.kill import BOUND, Death, Told, deaths, measured, row, the_scenario
from sim.measuring import BEGIN, DOCUMENT, END
from sim.replay import POLICIES, wiring_for

SEED = (1,)


@pytest.fixture(scope="module")
def every() -> dict[str, Death]:
    scenario = the_scenario()
    wiring = wiring_for(POLICIES / f"{scenario.policy}.toml")
    return {death.component: death for death in deaths(wiring, scenario.faults[0].at)}


@pytest.mark.parametrize(
    ("component", "path"),
    [
        ("function `sweep`", "alarm sweep-heartbeat"),
        ("function `diagnose`", "alarm canary-heartbeat"),
        ("schedule of `watchtower`", "alarm canary-heartbeat"),
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


def test_a_row_says_who_told_and_after_how_long() -> None:
    told = Told("function `x`", "alarm x-errors", timedelta(seconds=100), timedelta(seconds=40), (), timedelta.max)

    assert row(told) == "| function `x` | alarm x-errors | 1m40s | 40s | not healed |"
    assert told.is_good
    assert not Told("function `x`", "", None, None, (), timedelta.max).is_good


def test_the_table_of_the_docs_names_each_component_as_it_is_called_and_every_function(every: dict[str, Death]) -> None:
    table = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines() if line.startswith("| ")][1:]

    assert rows == [component for component in every if component in rows]
    assert {component for component in every if component.startswith("function")} <= set(rows)
