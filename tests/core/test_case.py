"""What a case remembers of what was tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from defib.core.case import Action
from defib.core.model import Verdict
from tests.core.facts import NOON, attempt


@pytest.mark.parametrize(
    ("verdict", "claimed", "done_at"),
    [
        (None, True, None),
        (Verdict.DONE, True, NOON),
        (Verdict.LOST, True, NOON),
        (Verdict.LOST, False, None),
        (Verdict.RETRY, True, None),
        (Verdict.REFUSED, True, None),
        (Verdict.ABANDONED, False, None),
    ],
)
def test_an_act_counts_as_done_when_aws_took_it_or_may_have(
    verdict: Verdict | None, claimed: bool, done_at: datetime | None
) -> None:
    tried = replace(attempt(Action.STOP, verdict=verdict), claimed_at=NOON if claimed else None)

    assert tried.done_at == done_at
