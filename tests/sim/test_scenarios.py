"""Every shipped scenario comes out as it must, and together they need every permission that Defib asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sim.replays import SCENARIOS, Replayed, all_replayed, replayed

NOT_SIMULATED = {
    "logs:CreateLogStream": "the simulated functions write no log group",
    "logs:PutLogEvents": "the simulated functions write no log group",
    "sqs:ChangeMessageVisibility": "the CDK grants it to every function that a queue feeds; its pollers may use it",
    "sqs:GetQueueUrl": "the CDK grants it to every function that a queue feeds",
    "sqs:GetQueueAttributes": "the CDK grants it to every function that a queue feeds; its pollers use it",
}
"""Grants that are not Defib's own calls."""

CALLED_FROM_OUTSIDE = frozenset({"stashboard", "subscribe"})
"""Functions that only a client of an API wakes, and no scenario has one; their own tests use all that they may."""


@pytest.fixture(scope="module", params=SCENARIOS, ids=lambda file: file.stem)
def replay(request: pytest.FixtureRequest, shared: Path) -> Replayed:
    """Of a module, so that the tests of one scenario follow each other: no two processes wait for the same replay."""
    file: Path = request.param
    return replayed(file, shared)


def test_every_shipped_scenario_comes_out_as_it_must(replay: Replayed) -> None:
    assert replay.failed == []
    assert replay.passed


def test_no_subject_and_no_sms_of_a_scenario_is_cut(replay: Replayed) -> None:
    assert replay.cut == []


def test_every_document_of_the_status_page_keeps_to_its_schema_throughout(replay: Replayed) -> None:
    assert replay.misshapen == []


def test_every_permission_that_a_function_has_is_needed_in_some_scenario(shared: Path) -> None:
    replays = all_replayed(shared)
    granted = {grant for replay in replays for grant in replay.granted}
    used = {grant for replay in replays for grant in replay.used}

    unused = {
        grant
        for grant in granted - used
        if grant.split()[1] not in NOT_SIMULATED and grant.split()[0] not in CALLED_FROM_OUTSIDE
    }
    assert unused == set()
