"""The table of messages in docs/operations.md has every subject that Defib writes, and none that it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.call import Reaction
from defib.core.call_news import escalate, heard
from defib.core.crowd import Counted, follow
from defib.core.digest import _headline, storm_over
from defib.core.drill import Drill
from defib.core.drill_news import asked, passed
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.issue import Issue, Issues
from defib.core.issue_news import told as told_of_issues
from defib.core.medium import Medium
from defib.core.message import _SUBJECT
from defib.core.outbox import Outbox
from defib.core.page.elsewhere import Kind, OtherPage
from defib.core.page.elsewhere_news import news as news_of_page
from defib.core.page.followed import Failing, Followed
from defib.core.policy import Contact
from defib.core.reach import Finding, Problem, Reach, Topic
from defib.core.reach_news import tell as tell_of_reach
from defib.core.shift_news import tell as tell_of_shifts
from defib.core.stack import Crowd, Impairment, Stack
from defib.core.zones import Seen, Turn
from defib.core.zones import tell as tell_of_zone
from infra.bundle import ROOT
from tests.core.calls import ON_IT, called
from tests.core.calls import POLICY as CALLING
from tests.core.facts import NOON, POLICY, after
from tests.core.shifted import STACK
from tests.core.subscribed import CONTACTS, MAIL
from tests.core.subscribed import POLICY as SUBSCRIBED
from tests.core.test_digest import ANN, CALL, ONE
from tests.core.test_shift_news import NEWS
from tests.operations import quoted, rows

CORE = ROOT / "functions" / "defib" / "core"
PLACES = {"SERVICE": r"[a-z][a-z0-9:-]*", "COUNT": r"\d+", "...": ".+"}
"""What stands for something else in the table; any other word of capitals but a tag for some words."""
TAGS = {"NEEDS", "YOU", "HELD", "APPROVE", "PLANNED", "ALARM", "OK", "SMS", "EC2", "AWS"}
ANY = "[Defib SERVICE] ..."


def said(*notices: Notice | None) -> list[str]:
    return [notice.subject for notice in notices if notice is not None]


def of_crowds() -> Iterator[str]:
    many = Counted(300, {"web": 300}, {})
    _, incident, first = follow(Crowd(NOON, {"web": 300}, 300), many, None, POLICY, after(minutes=1))
    crowd = Crowd(NOON, {"web": 300}, 300, incident=1, told=100, below_since=NOON)
    _, _, more = follow(crowd, many, incident, POLICY, after(minutes=2))
    _, _, over = follow(crowd, Counted(0, {}, {}), incident, POLICY, after(minutes=9))
    yield from said(first, more, over)


def of_issues() -> Iterator[str]:
    held = Issues((Issue("arn:1", "AWS_EC2_OPERATIONAL_ISSUE", NOON, NOON),), held="web-2")
    told, incident, begun = told_of_issues(held, None, POLICY, NOON)
    _, _, over = told_of_issues(replace(told, known=()), incident, POLICY, after(hours=1))
    yield from said(begun, over)


def of_zones() -> Iterator[str]:
    zone = "us-east-1a"
    lost, seen = Impairment(zone, NOON, 40), Seen(zone, 40, 50, "use1-az4")
    stack, incident, begun = tell_of_zone(Stack(impaired=(lost,)), Turn(lost, seen), None, POLICY, NOON)
    _, _, over = tell_of_zone(stack, Turn(lost, replace(seen, failing=0), over=True), incident, POLICY, after(hours=1))
    yield from said(begun, over)
    # Where Defib shifts the traffic away itself.
    yield begun.subject.replace("NEEDS YOU: ", "")


def of_shifts() -> Iterator[str]:
    for shift, _, _ in NEWS:
        incident = Incident("zone:us-east-1a", 1, NOON)
        yield tell_of_shifts(replace(STACK, shifts=(shift,)), shift.zone, incident, POLICY, NOON)[2].subject


def of_reach() -> Iterator[str]:
    for problem in Problem:
        found = Finding(problem, Medium.EMAIL, MAIL, "oncall", NOON - timedelta(days=2), (Topic.INCIDENTS,), detail="!")
        for contacts in (CONTACTS, (*CONTACTS, Contact("ops", (MAIL, "ops@example.com")))):
            policy = replace(SUBSCRIBED, contacts=contacts)
            for findings in ((found,), (found, replace(found, endpoint="ops@example.com"))):
                reach, incident, notice = tell_of_reach(Reach(findings=findings), None, policy, NOON)
                yield from said(notice, tell_of_reach(replace(reach, findings=()), incident, policy, NOON)[2])


def of_other_pages() -> Iterator[str]:
    other = OtherPage("atlassian", Kind.STATUSPAGE, "defib/statuspage")
    failing = Followed(failing=Failing(NOON, "HTTP status 401", mend=True))
    told, begun = news_of_page(Followed(), failing, other, POLICY, NOON)
    yield from said(begun, news_of_page(told, Followed(), other, POLICY, after(hours=1))[1])


def of_drills() -> Iterator[str]:
    _, (incident,), drill = asked(Drill("oncall", NOON), CONTACTS[0], None, SUBSCRIBED, NOON)
    yield from said(drill, passed(incident, replace(ON_IT, incident_id=incident.id), SUBSCRIBED, after(minutes=5))[1])


def of_calls() -> Iterator[str]:
    for incident in (called(), replace(called(), service="zone:us-east-1a")):
        on_it = replace(ON_IT, incident_id=incident.id)
        _, louder = escalate(incident, CALLING, after(minutes=6))
        taken, ann = heard(incident, on_it, CALLING, after(minutes=7))
        _, later = heard(incident, replace(on_it, reaction=Reaction.SNOOZE), CALLING, after(minutes=7))
        _, again = escalate(taken, CALLING, after(hours=5))
        yield from said(louder, ann, later, again)


def of_digests() -> Iterator[str]:
    for waiting in ((ONE,), (ONE, ONE), (CALL,), (CALL, replace(CALL, incident_id="web-2"))):
        yield f"[Defib] {_headline(waiting, NOON)}"
    storm = Outbox("ann", storm_since=NOON, storm_digests=3, storm_notices=298)
    yield storm_over(storm, ANN, after(minutes=10)).subject


def of_drafts() -> Iterator[str]:
    assert "[Defib {key}] publish? {title}" in (CORE / "page" / "draft.py").read_text(encoding="utf-8")
    yield "[Defib web] publish? Website does worse"


MADE = {
    "call_news": of_calls,
    "crowd": of_crowds,
    "digest": of_digests,
    "draft": of_drafts,
    "drill_news": of_drills,
    "elsewhere_news": of_other_pages,
    "issue_news": of_issues,
    "message": lambda: (f"[Defib web] {_SUBJECT[kind]}web-2 fails" for kind in NoticeKind),
    "reach_news": of_reach,
    "shift_news": of_shifts,
    "zones": of_zones,
}
"""By the module of core/ whose words they are."""


SECTION = "What do I do with this message?"
SUBJECTS = [subject for row in rows(SECTION) for subject in quoted(row[0])]
PLAIN = {f"[Defib web] {tag}web-2 fails" for tag in _SUBJECT.values() if not tag}
"""What has no word before it that a row could go by."""
FROM_AWS = {'ALARM: "DefibWatchtower-..."', 'OK: "DefibWatchtower-..."', "AWS Notification - Subscription Confirmation"}


def shape(subject: str) -> re.Pattern[str]:
    """What a subject of the table stands for."""
    parts = re.split(r"(\.\.\.|\b[A-Z][A-Z0-9]+\b)", subject)
    written = (PLACES.get(part, ".+" if part.isupper() and part not in TAGS else re.escape(part)) for part in parts)
    return re.compile("".join(written))


def received() -> set[str]:
    """The subjects of what people get in the scenarios whose messages are kept."""
    letters = (ROOT / "docs" / "messages").glob("*/*-email-*.txt")
    return {
        found for letter in letters for found in re.findall(r"^Subject: (.+)$", letter.read_text("utf-8"), re.MULTILINE)
    }


@pytest.mark.parametrize("module", sorted(MADE))
def test_every_subject_that_defib_writes_has_a_row(module: str) -> None:
    for subject in MADE[module]():
        rows_for = {row for row in SUBJECTS if shape(row).fullmatch(subject)}
        assert rows_for - {ANY} or (subject in PLAIN and rows_for), subject


def test_every_subject_that_people_get_in_a_scenario_has_a_row() -> None:
    assert received()
    assert [one for one in received() if not any(shape(row).fullmatch(one) for row in SUBJECTS)] == []


def test_no_row_is_about_what_nobody_gets() -> None:
    written = received() | {subject for make in MADE.values() for subject in make()}

    idle = {row for row in SUBJECTS if not any(shape(row).fullmatch(subject) for subject in written)}
    assert idle == FROM_AWS


def test_whatever_module_writes_subjects_is_among_them() -> None:
    """``bulletin`` writes those of whoever uses it, ``post`` copies a notice's."""
    makers = {
        path.stem
        for path in CORE.rglob("*.py")
        if re.search(r"\bsubject=|^from defib\.core\.bulletin import ", path.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert makers - {"bulletin", "post"} == set(MADE)
