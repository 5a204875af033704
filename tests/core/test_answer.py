"""What a link grants, who says something by it, and what of it still counts."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defib.core.answer.link import Link, Say, link_of, offers_of
from defib.core.answer.name import NAME_MAX, name_in
from defib.core.answer.settings import AnswerSettings
from defib.core.answer.standing import standing
from defib.core.approval import Approval, Choice
from defib.core.case import Case, Outcome
from defib.core.incident import Incident, Member, Notice, NoticeKind, Phase
from defib.core.model import Cause
from defib.core.policy import Repair
from defib.core.severity import Severity
from tests.core.facts import NOON, after, case

LINK = Link("web-7", 3, "i-0aa1-1", (Say.APPROVE, Say.REJECT), "oncall", after(hours=1))
ASKED = Approval(NOON, after(minutes=30))


def incident(about: Case) -> Incident:
    member = Member(about.id, about.instance_id, about.name, about.zone, Cause.INSTANCE_IMPAIRED, NOON, Phase.HELD)
    return Incident("web", 7, NOON, members=(member,))


YES, NO = Say.APPROVE, Say.REJECT


def test_whatever_is_urgent_can_be_answered() -> None:
    """Word of a whole zone, say, opens an incident and asks for a person at once."""
    zone = Notice("zone:a-1", "zone:a", 1, NoticeKind.OPENED, NOON, "", "", "", "", "", severity=Severity.URGENT)

    assert offers_of(zone) == (Say.ACKNOWLEDGE, Say.SNOOZE)
    assert offers_of(replace(zone, severity=Severity.HIGH)) == ()


@pytest.mark.parametrize(
    ("changes", "at", "offers"),
    [
        ({"approval": ASKED}, NOON, (YES, NO)),
        ({"approval": ASKED}, after(minutes=30), (NO,)),
        ({"approval": None}, NOON, ()),
        ({"approval": replace(ASKED, choice=Choice.APPROVE, answered_at=NOON, by="Ada")}, NOON, (NO,)),
        ({"approval": replace(ASKED, choice=Choice.REJECT, answered_at=NOON, by="Ada")}, NOON, ()),
        ({"approval": ASKED, "handed_over_at": NOON}, NOON, ()),
        ({"approval": ASKED, "closed_at": NOON, "outcome": Outcome.RECOVERED}, NOON, ()),
    ],
)
def test_what_may_still_be_said_is_what_the_case_would_heed(
    changes: dict[str, Any], at: datetime, offers: tuple[Say, ...]
) -> None:
    about = case(**changes)

    found = standing(LINK, incident(about), about, at)

    assert found.offers == offers
    assert bool(found.why) is (offers != (YES, NO))
    assert not found.why or found.why.endswith(".")


def test_a_call_that_is_over_takes_no_answer_and_says_since_when() -> None:
    about = replace(incident(case()), members=(), resolved_at=after(minutes=5))
    asks = replace(LINK, case_id="", offers=(Say.ACKNOWLEDGE, Say.SNOOZE))

    found = standing(asks, about, None, after(minutes=9))

    assert found.offers == ()
    assert found.why == "The incident was over at 12:05:00 UTC."
    assert standing(asks, replace(about, resolved_at=None), None, NOON).why == "Nobody is needed for it any more."


def test_a_closed_case_that_a_crowded_incident_has_left_out_is_over_and_not_unknown() -> None:
    gone = case(approval=ASKED, closed_at=NOON, outcome=Outcome.HEALED)

    assert standing(LINK, replace(incident(gone), members=()), gone, NOON).known
    assert not standing(LINK, replace(incident(gone), members=()), case(approval=ASKED), NOON).known


@pytest.mark.parametrize("about", [None, case(service="db", approval=ASKED)], ids=["forgotten", "of another service"])
def test_a_case_that_is_not_of_the_incidents_service_is_unknown(about: Case | None) -> None:
    assert not standing(LINK, incident(case(approval=ASKED)), about, NOON).known


@pytest.mark.parametrize("kind", NoticeKind)
def test_no_link_is_for_ever_and_one_that_asks_for_a_yes_ends_with_the_question(kind: NoticeKind) -> None:
    notice = Notice("web-7", "web", 3, kind, after(microseconds=5), "i-0aa1-1", "i-0aa1", "s", "b", "t")
    settings, repair = AnswerSettings(link_life=timedelta(hours=2)), Repair(approval_timeout=timedelta(minutes=9))

    link = link_of(notice, "oncall", settings, repair)

    assert (link.offers if link is not None else ()) == offers_of(notice)
    if link is not None:
        assert link.expires_at == after(minutes=9 if kind is NoticeKind.APPROVAL else 120)


@given(st.text(max_size=200))
def test_a_name_is_one_printable_line_in_one_spelling_or_none(given_name: str) -> None:
    try:
        name = name_in(given_name)
    except ValueError:
        return
    assert name == name.strip()
    assert name.isprintable()
    assert 1 <= len(name) <= NAME_MAX
    assert unicodedata.is_normalized("NFC", name)
    assert name_in(name) == name
