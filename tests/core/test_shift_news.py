"""What people hear of zonal shifts: once, how each went, and what they can do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.core.incident import Incident, NoticeKind
from defib.core.shift import Move, Shift, ShiftAnswer
from defib.core.shift_news import tell as tell_of_shifts
from defib.core.shift_news import zones_with_news
from defib.core.shifting import settled
from tests.core.facts import NOON, POLICY, after
from tests.core.shifted import BALANCER, BY_AWS, CLAIMED, SHIFTED, STACK, WANTED, A


def test_a_shift_that_runs_out_while_its_zone_is_still_impaired_is_peoples_business() -> None:
    stack = settled(replace(STACK, shifts=(SHIFTED,)), after(hours=3))
    _, _, notice = tell_of_shifts(stack, A, Incident("zone:us-east-1a", 1, NOON), POLICY, after(hours=3))

    assert notice.kind is NoticeKind.ESCALATED
    assert "its shift ended by itself at 15:00 UTC, and the zone is still impaired" in notice.body
    assert f"start-zonal-shift --region us-east-1 --resource-identifier {BALANCER} --away-from use1-az4" in notice.body


NEWS = [
    (replace(SHIFTED, detail="shifted away until 15:00 UTC", said=None), NoticeKind.PROGRESS, "cancel-zonal-shift"),
    (
        replace(CLAIMED, answer=ShiftAnswer.REFUSED, detail="ARC does not manage it"),
        NoticeKind.ESCALATED,
        "does not manage",
    ),
    (
        replace(CLAIMED, answer=ShiftAnswer.RETRY, tries=5, detail="throttled"),
        NoticeKind.ESCALATED,
        "start-zonal-shift",
    ),
    (
        replace(CLAIMED, answer=ShiftAnswer.HELD, detail="the kill switch is off"),
        NoticeKind.HELD,
        "the kill switch is off",
    ),
    (replace(BY_AWS, said=None), NoticeKind.PROGRESS, "AWS keeps the traffic of web from zone us-east-1a"),
    (replace(SHIFTED, move=Move.END, said=None), NoticeKind.PROGRESS, "shifted back to zone"),
    (
        replace(CLAIMED, move=Move.END, answer=ShiftAnswer.REFUSED, detail="no"),
        NoticeKind.ESCALATED,
        "list-zonal-shifts",
    ),
    (
        replace(SHIFTED, move=Move.END, answer=ShiftAnswer.REFUSED, detail="no", said=None),
        NoticeKind.ESCALATED,
        "cancel-zonal-shift --region us-east-1 --zonal-shift-id shift-1",
    ),
]


@pytest.mark.parametrize(("shift", "kind", "words"), NEWS)
def test_people_hear_once_how_each_shift_went_and_what_they_can_do(shift: Shift, kind: NoticeKind, words: str) -> None:
    stack = replace(STACK, shifts=(shift,))
    assert zones_with_news(stack) == (A,)

    after_telling, incident, notice = tell_of_shifts(stack, A, Incident("zone:us-east-1a", 1, NOON), POLICY, NOON)

    assert notice.kind is kind
    assert words in notice.body
    assert "..." not in notice.subject + notice.sms
    assert incident.notices == 1
    assert zones_with_news(after_telling) == ()


@pytest.mark.parametrize(
    "shift",
    [
        WANTED,
        CLAIMED,
        SHIFTED,
        replace(CLAIMED, answer=ShiftAnswer.RETRY, tries=4),
        replace(CLAIMED, answer=ShiftAnswer.LOST),
    ],
)
def test_what_is_under_way_is_no_news(shift: Shift) -> None:
    assert zones_with_news(replace(STACK, shifts=(shift,))) == ()
