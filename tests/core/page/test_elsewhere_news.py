"""What staff hear of another page: once that it does not follow, and once that it does again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.incident import NoticeKind
from defib.core.page.elsewhere import Kind, OtherPage
from defib.core.page.elsewhere_news import news
from defib.core.page.followed import Failing, Followed
from tests.core.page.shown import NOON, POLICY, minutes

OTHER = OtherPage("atlassian", Kind.STATUSPAGE, "defib/statuspage", tell_after=minutes(10))
WELL = Followed()
PASSING = Followed(failing=Failing(NOON, "telling Statuspage of incident:1: 503"))
LASTING = Followed(failing=Failing(NOON, "telling Statuspage of incident:1: 401", mend=True))
TOLD = Followed(failing=Failing(NOON, "telling Statuspage of incident:1: 503", told=True))
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("before", "after", "at", "kind"),
    [
        (WELL, WELL, minutes(0), None),
        (WELL, PASSING, minutes(0), None),
        (PASSING, PASSING, minutes(10) - SECOND, None),
        (PASSING, PASSING, minutes(10), NoticeKind.OPENED),
        (WELL, LASTING, minutes(0), NoticeKind.OPENED),
        (PASSING, LASTING, minutes(1), NoticeKind.OPENED),
        (TOLD, TOLD, minutes(60), None),
        (TOLD, WELL, minutes(12), NoticeKind.RESOLVED),
        # Nobody has heard of it.
        (PASSING, WELL, minutes(3), None),
    ],
)
def test_staff_hear_of_each_trouble_once_and_of_its_end_only_when_they_had_heard_of_it(
    before: Followed, after: Followed, at: timedelta, kind: NoticeKind | None
) -> None:
    known, notice = news(before, after, OTHER, POLICY, NOON + at)
    assert (notice.kind if notice is not None else None) == kind
    if kind is NoticeKind.OPENED:
        assert after.failing is not None
        assert known == replace(after, failing=replace(after.failing, told=True))
    else:
        assert known == after


def test_both_notices_belong_to_one_incident_in_order() -> None:
    _, first = news(PASSING, PASSING, OTHER, POLICY, NOON + minutes(10))
    _, second = news(TOLD, WELL, OTHER, POLICY, NOON + minutes(12))
    assert first is not None
    assert second is not None
    assert first.incident_id == second.incident_id == "page:atlassian-260430120000"
    assert (first.sequence, second.sequence) == (1, 2)


def test_who_must_mend_something_reads_what_and_where() -> None:
    _, notice = news(WELL, LASTING, OTHER, POLICY, NOON)
    assert notice is not None
    for said in ("401", "the secret defib/statuspage", "[page.elsewhere.atlassian]", "every 5m"):
        assert said in notice.body
    assert "the page atlassian (statuspage) does not follow" in notice.subject


def test_who_need_mend_nothing_reads_what_to_do_meanwhile() -> None:
    _, notice = news(PASSING, PASSING, OTHER, POLICY, NOON + minutes(10))
    assert notice is not None
    assert "Mend it" not in notice.body
    assert "tell its readers yourself" in " ".join(notice.body.split())
