"""Scenario files: what is read, and what people are told of mistakes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from defib.core.case import Action
from sim.faults import Cure, FaultKind
from sim.keys import fault_table, key_tables, machinery_table
from sim.replay import ROOT
from sim.scenario_file import ScenarioError, load, parse
from sim.scenario_value import Range

LEAST = """
title = "T"
story = "S"
start = 2026-04-30T12:00:00Z
until = "30m"

[fleet.web]
count = 3
"""

FAULT = """
[[faults]]
at = "3m"
on = "web-2"
kind = "zombie"
"""


def test_the_smallest_scenario_is_a_fleet_at_rest() -> None:
    scenario = parse(LEAST)

    assert scenario.start == datetime(2026, 4, 30, 12, tzinfo=UTC)
    assert [(f.name, f.count) for f in scenario.fleet] == [("web", 3)]
    assert scenario.faults == ()


def test_a_fault_may_strike_at_a_time_of_day_or_after_a_duration() -> None:
    by_clock = parse(LEAST + FAULT.replace('"3m"', "12:03:00"))
    by_duration = parse(LEAST + FAULT)

    assert by_clock.faults[0].at == by_duration.faults[0].at == timedelta(minutes=3)


def test_a_time_of_day_before_the_start_is_on_the_next_day() -> None:
    text = LEAST.replace("12:00:00Z", "23:50:00Z") + FAULT.replace('"3m"', "00:10:00")

    assert parse(text).faults[0].at == timedelta(minutes=20)


def test_a_duration_may_be_drawn_between_two() -> None:
    scenario = parse(LEAST + '[durations]\nstop = ["45s", "75s"]\nboot = "40s"\n')

    assert scenario.durations.stop == Range(timedelta(seconds=45), timedelta(seconds=75))
    assert scenario.durations.boot == Range(timedelta(seconds=40), timedelta(seconds=40))


def test_cures_and_expected_actions_keep_their_order() -> None:
    text = LEAST + FAULT + 'cured_by = []\n[expect]\nactions = ["evidence", "stop", "start", "stop", "start"]\n'
    scenario = parse(text)

    assert scenario.faults[0].cured_by == ()
    assert scenario.expect.actions == (Action.EVIDENCE, Action.STOP, Action.START, Action.STOP, Action.START)


def test_left_out_cures_are_those_of_the_kind() -> None:
    fault = parse(LEAST + FAULT).faults[0]

    assert (fault.kind, fault.cured_by) == (FaultKind.ZOMBIE, None)
    assert parse(LEAST + FAULT + 'cured_by = ["restart"]\n').faults[0].cured_by == (Cure.RESTART,)


MISTAKES = [
    ('until = "30m"', "until = 30", "line 5: until = 30: must be a duration from 1m to 7d"),
    ('until = "30m"', 'until = "30m"\nsed = 4', 'line 6: sed = 4: unknown key; did you mean "seed"?'),
    ('until = "30m"', 'until = "30m"\nzzz = 4', "line 6: zzz = 4: unknown key; allowed here: title, story"),
    ("count = 3", "count = 0", "line 8: fleet.web.count = 0: must be a whole number from 1 to 1000"),
    ("count = 3", 'count = 3\nzones = ["eu-1"]', "line 9: fleet.web.zones"),
    ('kind = "zombie"', 'kind = "zombi"', 'line 13: faults[0].kind = "zombi": must be one of "zombie", "hung_kernel"'),
    ('on = "web-2"', 'on = "db-1"', 'line 12: faults[0].on = "db-1": must name an instance of the fleet: web-1, web-2'),
    ('on = "web-2"', "on = []", "line 12: faults[0].on = []: must name at least one instance"),
    ('at = "3m"', 'at = "40m"', "line 11: faults[0].at"),
    ('kind = "zombie"', 'kind = "zombie"\ncured_by = ["kick"]', 'line 14: faults[0].cured_by = ["kick"]'),
    (
        'kind = "zombie"',
        'kind = "zombie"\ncured_by = ["force_stop"]',
        "force_stop and skip_os_shutdown end stuck_stopping only",
    ),
    ('kind = "zombie"', 'kind = "failed_sample"\ncured_by = ["reboot"]', "ends by after or lasts"),
    ('kind = "zombie"', 'kind = "zombie"\n[durations]\nstop = ["75s", "45s"]', "line 15: durations.stop"),
    ('kind = "zombie"', 'kind = "zombie"\n[expect]\noutcome = "heald"', 'line 15: expect.outcome = "heald"'),
    ('kind = "zombie"', 'kind = "zombie"\n[expect]\noutcome = ["healed", "none"]', "must be one outcome, or 1"),
    ('kind = "zombie"', 'kind = "zombie"\n[expect]\nactions = ["stap"]', 'line 15: expect.actions = ["stap"]'),
    ("count = 3", 'count = 3\ntarget_group = "w"', "must be one of the target groups: there are none"),
    ("start = 2026-04-30T12:00:00Z", 'start = "noon"', "line 4: start"),
    ("start = 2026-04-30T12:00:00Z", "start = 2026-04-30T12:00:00", "must be a date and time with Z"),
    ('title = "T"\n', "", "line 1: title is missing"),
    *(
        ('kind = "zombie"', f'kind = "zombie"\n[[machinery]]\nat = "1m"\n{table}', message)
        for table, message in (
            ('on = "publish"\nkind = "function_dise"', 'line 17: machinery[0].kind = "function_dise": must be one of'),
            ('on = []\nkind = "function_dies"', "line 16: machinery[0].on = []: must name at least one thing"),
            ('on = "sqs"\nkind = "call_hangs"\ndelay = "2m"', "line 18: machinery[0].delay"),
            ('on = "sns"\nkind = "write_conflicts"', "must be dynamodb for write_conflicts"),
            ('on = "us-east-1"\nkind = "partition"', "must be the two Regions between which nothing gets through"),
        )
    ),
]


@pytest.mark.parametrize(("right", "wrong", "message"), MISTAKES)
def test_a_mistake_is_shown_with_its_line_and_what_is_allowed(right: str, wrong: str, message: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        parse((LEAST + FAULT).replace(right, wrong), "mine.toml")

    assert str(raised.value).startswith("mine.toml: ")
    assert message in str(raised.value)


def test_all_mistakes_come_at_once_in_the_order_of_the_file() -> None:
    text = LEAST.replace("count = 3", "count = 0\ninstance_type = 7") + FAULT.replace("zombie", "ghost")

    with pytest.raises(ScenarioError) as raised:
        parse(text)

    assert [line for line, _ in raised.value.mistakes] == [8, 9, 14]


def test_what_is_not_toml_is_named_by_its_line_and_with_what_mends_it() -> None:
    with pytest.raises(ScenarioError, match="line 5: this goes on after its value: until = 30m; text and durations"):
        parse(LEAST.replace('"30m"', "30m"))


@pytest.mark.parametrize("file", sorted((ROOT / "scenarios").glob("*.toml")), ids=lambda file: file.stem)
def test_every_shipped_scenario_can_be_read(file: Path) -> None:
    assert load(file).title


def test_the_page_of_the_docs_lists_the_keys_as_the_types_have_them() -> None:
    page = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")

    assert key_tables().strip() in page
    assert fault_table().strip() in page
    assert machinery_table().strip() in page


def test_the_example_of_the_docs_can_be_read() -> None:
    page = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")

    assert parse(page.partition("```toml\n")[2].partition("```")[0]).title == "The night the volumes hung"


def test_the_mistakes_that_the_docs_show_are_those_that_are_told_of_its_example() -> None:
    page = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]
    shown = page.partition("## What does a mistake look like?")[2].split("```")[1].strip()

    with pytest.raises(ScenarioError) as told:
        parse(example.replace('on = "db-2"', 'on = "db-3"').replace("ebs_impaired", "ebs_impared"), "my-outage.toml")

    kinds = ", ".join(f'"{kind}"' for kind in FaultKind if kind is not FaultKind.ZOMBIE)
    assert str(told.value) == shown.replace("...", kinds)


def test_every_shipped_scenario_is_in_the_docs() -> None:
    page = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")

    assert all(f"../scenarios/{file.name}" in page for file in (ROOT / "scenarios").glob("*.toml"))
