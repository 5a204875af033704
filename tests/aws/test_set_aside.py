"""Queues that nobody uses are used a little, so that SQS goes on measuring them."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from defib.aws.clients import client
from defib.aws.set_aside import SetAside
from defib.shell.ports import Rejected
from sim.queues import MEASURED_FOR
from tests.aws.account import ONCE
from tests.aws.fleet import Overlay
from tests.core.facts import NOON

URLS = ("https://sqs.us-east-1.amazonaws.com/123456789012/dead-letters", "https://sqs.us-east-1.amazonaws.com/1/lost")
MINUTE = timedelta(minutes=1)


def letters(overlay: Overlay) -> SetAside:
    sqs = client("sqs", ONCE)
    overlay.lay_over(sqs)
    return SetAside(sqs, URLS)


def asked(overlay: Overlay) -> list[str]:
    return [params["QueueUrl"] for params in overlay.named("GetQueueAttributes")]


def test_each_is_asked_by_a_new_process_and_again_long_before_sqs_measures_it_no_more() -> None:
    overlay = Overlay(answers={"GetQueueAttributes": {"Attributes": {}}})
    of_one_process, minutes = letters(overlay), []

    for minute in range(24 * 60):
        before = len(overlay.calls)
        of_one_process.keep_measured(NOON + minute * MINUTE)
        if overlay.calls[before:]:
            minutes.append(minute)

    assert asked(overlay) == [*URLS] * len(minutes)
    assert minutes[0] == 0
    assert max(later - earlier for earlier, later in pairwise(minutes)) * MINUTE < MEASURED_FOR / 2
    assert len(overlay.calls) * 30 < 10_000, "of a million free requests a month"


def test_one_that_can_not_be_asked_holds_up_no_other_and_all_are_asked_again_by_the_next_sweep() -> None:
    overlay = Overlay(refusals={"GetQueueAttributes": "AccessDenied"})
    of_one_process = letters(overlay)

    for minute in range(2):
        with pytest.raises(Rejected):
            of_one_process.keep_measured(NOON + minute * MINUTE)

    assert asked(overlay) == [*URLS] * 2
