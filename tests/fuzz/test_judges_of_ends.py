"""What people must have heard of what Defib has stopped, where its case was not the instance's last."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.case import Outcome
from defib.core.model import InstanceState
from tests.fuzz.test_judges_of_acts import case_of, first, keep
from tests.fuzz.worlds import MINUTE, broken, told

breaks = pytest.mark.breaks


@pytest.mark.parametrize(
    ("service", "outcome", "heard", "found"),
    [
        ("renamed", Outcome.LEFT_ALONE, MINUTE, False),
        pytest.param("renamed", Outcome.LEFT_ALONE, -MINUTE, True, marks=breaks("started again")),
        pytest.param("renamed", Outcome.RECOVERED, MINUTE, True, marks=breaks("started again")),
        pytest.param("", Outcome.LEFT_ALONE, MINUTE, True, marks=breaks("started again")),
    ],
    ids=["left alone", "nobody heard", "not left alone", "of the same service"],
)
def test_what_was_stopped_before_its_service_was_renamed_is_found_unless_people_have_heard_that_it_is_left_alone(
    service: str, outcome: Outcome, heard: timedelta, found: bool
) -> None:
    world = told("april-30", 12 * MINUTE)
    stopped, notice = first(world), next(iter(world.store.notices.values()))
    stopped.state = InstanceState.STOPPED
    left = replace(case_of(stopped, notice.at), closed_at=notice.at, outcome=outcome)
    held = replace(left, number=2, service=service or left.service, closed_at=None, outcome=None, held_by="stack_rate")
    for case in (left, held):
        keep(world, case)
    notice = replace(notice, case_id=left.id, at=notice.at + min(heard, timedelta(0)))
    world.store.notices = {(notice.incident_id, notice.sequence): notice}
    world.judge.truth.stopped[stopped.instance_id] = left.closed_at - MINUTE if left.closed_at else notice.at
    world.judge.at_end(world.lanes)
    assert ("started again" in broken(world)) is found
