"""What a policy says that can't come true, as ``make synth`` and ``make deploy`` tell it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from defib.core.parse import parse
from infra import synthesize as synthesizing
from infra.bundle import ROOT
from infra.remarks import remarks, to_see_in
from tests.core.facts import NOON
from tests.core.policy_file import GROUP, file

HEALS = 'match = { service = "web" }\nmode = "heal"\ntell = "oncall"\n'
RIGHT = {"services.web": HEALS}
DAILY = 'days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], at = "00:00"'
API = 'match = { service = "api" }\ntell = "oncall"\npage = { title = "API" }'
PAGE = {"page": "enabled = true", "services.api": API}
ALWAYS = "Service web is in maintenance at every hour of the week: nothing of it is ever repaired, and nobody is told."


def said(changes: dict[str, str]) -> list[str]:
    return [*remarks(parse(file({**RIGHT, **changes})), NOON)]


UNSEEN = (
    "Service web names no target_groups. That an application is dead there Defib hears only from EC2's application "
    "status checks, of instances that have one: what only a load balancer sees goes unnoticed, without a message. If "
    "one stands in front, name its target groups."
)


@pytest.mark.parametrize(
    "lines",
    ['application_down = "reboot"', 'application_down = "restart"', 'patience = { application = "0s" }'],
)
def test_that_what_only_a_load_balancer_sees_goes_unnoticed_is_said_where_something_is_to_happen_then(
    lines: str,
) -> None:
    assert said({"services.web": HEALS + lines}) == [UNSEEN]
    assert said({"services.web": f"{HEALS}{lines}\ntarget_groups = [{GROUP}]"}) == []


def test_services_of_which_that_holds_are_named_together() -> None:
    two = {name: f'match = {{ service = "{name}" }}\napplication_down = "reboot"\ntell = "oncall"' for name in "ab"}
    (line,) = said({f"services.{name}": lines for name, lines in two.items()})

    assert line.startswith("Services a, b name no target_groups.")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {
                "services.web": f'{HEALS}application_down = "reboot"\ntarget_groups = [{GROUP}]',
                "repair": "reboots = 0",
            },
            'Service web has application_down = "reboot", but repair.reboots = 0: people are asked at once.',
        ),
        (
            {
                "services.web": f'{HEALS}application_down = "restart"\ntarget_groups = [{GROUP}]',
                "repair": "restarts = 0",
            },
            'Service web has application_down = "restart", but repair.restarts = 0: it is rebooted at most.',
        ),
        (
            {
                "services.web": f'{HEALS}application_down = "restart"\ntarget_groups = [{GROUP}]',
                "repair": "restarts = 0\nreboots = 0",
            },
            'Service web has application_down = "restart", but repair.restarts = 0: it is neither rebooted nor '
            "restarted.",
        ),
        (
            {"services.web": HEALS + "replicated = true\nconcurrent_repairs = 3"},
            "Service web is replicated: one instance of it is repaired at a time, whatever concurrent_repairs = 3 "
            "says.",
        ),
        (
            {"services.api": 'match = { service = "api" }'},
            "Service api has nobody in tell: nobody is told of its incidents.",
        ),
        (
            {**PAGE, "services.api": 'match = { service = "api" }\npage = { title = "API" }'},
            "Service api has nobody in tell: nobody is told of its incidents. Customers read of them on the status "
            "page.",
        ),
        (
            {"contacts.oncall": 'sms = "+12025550123"\nsms_for = "urgent"'},
            'Service web tells nobody anything that is not "urgent": people hear of it only once one is needed.',
        ),
        (
            {"services.web": HEALS + 'then = "oncall"'},
            "Service web names in then only whom tell names: after escalation.second_after nobody more is asked.",
        ),
        (
            {"contacts.boss": 'email = "boss@defib.test"'},
            "Contact boss is in no tell and no then: it hears only what every contact hears.",
        ),
        (
            {"contacts.boss": 'email = "boss@defib.test"', "contacts.lead": 'email = "lead@defib.test"'},
            "Contacts boss, lead are in no tell and no then: they hear only what every contact hears.",
        ),
        (
            {**PAGE, "services.web": HEALS + 'page = { description = "All that is under www." }'},
            "Service web has a page table without a title: it is not on the status page.",
        ),
        (
            {**PAGE, "services.web": HEALS + 'page = { title = "Website", impact = "major_outage" }'},
            'Service web is "major_outage" on the page with one instance in trouble, but "partial_outage" from 2 on '
            "(page.worse): the more fail, the better it looks.",
        ),
        (
            {"services.web": f'{HEALS}maintenance = [{{ {DAILY}, lasts = "1d" }}]'},
            ALWAYS,
        ),
        (
            {"defib": f'opt_in_tag = "self-heal=true"\nmaintenance = [{{ {DAILY}, lasts = "25h" }}]'},
            ALWAYS,
        ),
        (
            {
                "limits": 'zonal_shift = "start"',
                "services.web": f"{HEALS.replace('heal', 'observe')}target_groups = [{GROUP}]",
            },
            'limits.zonal_shift = "start" shifts nothing: no service with mode = "heal" names target_groups.',
        ),
        (
            {"services.web": HEALS + 'maintenance = [{ date = "2025-10-25", at = "22:00", lasts = "8h" }]'},
            'services.web.maintenance[0] is over: its date = "2025-10-25" is past, and it does nothing any more.',
        ),
        (
            {"contacts.oncall": 'sms = "+12025550123"\nquiet = [{ date = "2025-12-24", at = "00:00", lasts = "3d" }]'},
            'contacts.oncall.quiet[0] is over: its date = "2025-12-24" is past, and it does nothing any more.',
        ),
    ],
)
def test_what_can_not_come_true_or_does_so_without_a_word_is_told(changes: dict[str, str], expected: str) -> None:
    assert said(changes) == [expected]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"services.web": HEALS + "replicated = true"},
        {"services.web": HEALS + f'maintenance = [{{ {DAILY}, lasts = "23h" }}]'},
        {"services.web": HEALS + 'maintenance = [{ date = "2026-05-01", at = "11:00", lasts = "2h" }]'},
        {"services.web": HEALS + 'page = { description = "Kept for a page." }'},
        {**PAGE, "services.web": HEALS + 'page = { title = "W", worse_from = 1, impact = "major_outage" }'},
        {"limits": 'zonal_shift = "start"', "services.web": f"{HEALS}target_groups = [{GROUP}]"},
        {"services.web": HEALS + 'then = ["oncall", "boss"]', "contacts.boss": 'email = "boss@defib.test"'},
        {"contacts.oncall": 'sms = "+12025550123"'},
    ],
)
def test_of_what_can_come_true_nothing_is_remarked(changes: dict[str, str]) -> None:
    assert said(changes) == []


def test_where_there_is_nothing_to_remark_no_line_says_so() -> None:
    policy = parse(file(RIGHT))

    assert [*to_see_in(policy, "eu.toml")] == []
    assert [*to_see_in(replace(policy, services=()), "eu.toml")] == [
        "See whether eu.toml means this:",
        "  Contact oncall is in no tell and no then: it hears only what every contact hears.",
    ]


def test_synthesizing_prints_it_apart_from_the_templates_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(file({"services.web": HEALS + 'application_down = "reboot"'}), encoding="utf-8")
    monkeypatch.setattr(synthesizing, "synthesize", lambda *_: ROOT / "build")
    monkeypatch.setattr(sys, "argv", ["synthesize", "--policy", str(own)])

    synthesizing.main()

    printed = capsys.readouterr()
    assert printed.out == f"{ROOT / 'build' / synthesizing.TEMPLATE}\n"
    assert printed.err == f"See whether own.toml means this:\n  {UNSEEN}\n"
