"""Each command that a message gives people to copy is one that a shell and AWS take."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

import pytest

from defib.core.incident import Incident
from defib.core.shift import Shift
from defib.core.shift_news import tell as tell_of_shifts
from defib.core.zones import Seen, Turn, tell
from infra.bundle import ROOT
from tests.aws.test_operations_commands import check
from tests.core.facts import NOON, POLICY, policy
from tests.core.shifted import STACK
from tests.core.test_shift_news import NEWS
from tests.core.test_zones import KNOWN, LOST, A

MESSAGES = sorted((ROOT / "docs" / "messages").rglob("*.txt"))
OPENED = Incident("zone:us-east-1a", 1, NOON)


def commands(text: str) -> list[str]:
    """A command ends with its line, so that a person copies nothing else with it."""
    return re.findall(r"\baws [a-z0-9-]+ [a-z0-9-]+ --.*$", text, re.MULTILINE)


def test_each_command_of_the_messages_that_are_kept_is_one_that_aws_takes() -> None:
    given = {command for file in MESSAGES for command in commands(file.read_text(encoding="utf-8"))}

    assert len(given) > 20
    for command in given:
        check(shlex.split(command)[1:], whole=True)


@pytest.mark.parametrize("shift", [shift for shift, _, _ in NEWS])
def test_each_command_about_a_shift_is_one_that_aws_takes(shift: Shift) -> None:
    _, _, notice = tell_of_shifts(replace(STACK, shifts=(shift,)), A, OPENED, POLICY, NOON)

    for command in commands(notice.body):
        check(shlex.split(command)[1:], whole=True)


@pytest.mark.parametrize("over", [False, True])
def test_each_command_about_a_zone_is_one_that_aws_takes(over: bool) -> None:
    seen = Seen(A, 0, 50) if over else LOST[A]
    _, _, notice = tell(KNOWN, Turn(KNOWN.impaired[0], seen, over), OPENED, policy(), NOON)

    given = commands(notice.body)
    assert [shlex.split(command)[2] for command in given[:2]] == (
        ["list-zonal-shifts", "cancel-zonal-shift"] if over else ["list-managed-resources", "start-zonal-shift"]
    )
    for command in given:
        check(shlex.split(command)[1:], whole=True)
