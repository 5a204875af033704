"""The link in a message: right where the reader looks, only where a person is asked for, and never waited for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from defib.answer.token import Forged, Key, check_many, link_in, many_id
from defib.core.answer.link import OFFERS, Say
from defib.core.answer.mail import with_link
from defib.core.answer.many import Many
from defib.core.answer.settings import AnswerSettings
from defib.core.incident import NoticeKind
from defib.core.policy import Repair
from defib.publish.links import SignedLinks
from defib.shell.ports import CallFailed, Transient
from tests.aws.cases import WEB_1, a_notice
from tests.core.facts import NOON, POLICY
from tests.fakes import FakeClock

KEY = Key("0a1b2c3d", b"k" * 64)
URL = "https://abc123.execute-api.us-east-1.amazonaws.com"


@dataclass
class FakeSigning:
    """A key that can be read, or not."""

    error: CallFailed | None = None
    asked: int = 0

    def newest(self) -> Key:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return KEY


@dataclass
class FakeManyStore:
    """What is kept of links to many."""

    many: list[Many] = field(default_factory=list)
    error: CallFailed | None = None

    def keep(self, many: Many) -> None:
        if self.error is not None:
            raise self.error
        self.many.append(many)


@dataclass
class Publishing:
    """Links as ``publish`` makes them, at noon."""

    signing: FakeSigning = field(default_factory=FakeSigning)
    clock: FakeClock = field(default_factory=FakeClock)
    failures: list[CallFailed] = field(default_factory=list)
    kept: FakeManyStore = field(default_factory=FakeManyStore)

    def __post_init__(self) -> None:
        policy = replace(POLICY, answers=AnswerSettings(enabled=True), repair=Repair())
        self.links = SignedLinks(self.signing, self.kept, URL, policy, self.clock, self.failures.append)


def test_a_key_that_is_shown_shows_nothing_of_its_secret() -> None:
    assert repr(KEY) == "Key('0a1b2c3d')"


@pytest.mark.parametrize("kind", NoticeKind)
def test_only_notices_that_ask_for_a_person_have_a_link(kind: NoticeKind) -> None:
    link = Publishing().links.link_for(a_notice(kind=kind), "")

    assert (link is not None) is (kind in OFFERS)


def test_a_link_says_whom_it_went_to_what_it_is_about_and_what_may_be_said() -> None:
    link = Publishing().links.link_for(a_notice(3, kind=NoticeKind.ESCALATED), "oncall")

    assert link is not None
    address, _, token = link.url.rpartition("/")
    found = link_in(token, {KEY.id: KEY})
    assert address == f"{URL}/a"
    assert (found.incident_id, found.sequence, found.case_id, found.to) == ("web-7", 3, f"{WEB_1}-1", "oncall")
    assert found.offers == (Say.ACKNOWLEDGE, Say.SNOOZE)
    assert found.expires_at == link.until == NOON + timedelta(hours=24)


def test_a_link_that_asks_for_a_yes_ends_with_the_question() -> None:
    link = Publishing().links.link_for(a_notice(kind=NoticeKind.APPROVAL), "")

    assert link is not None
    assert link.until == NOON + timedelta(minutes=30)


def test_a_message_that_is_sent_again_has_the_same_link() -> None:
    publishing, notice = Publishing(), a_notice(kind=NoticeKind.ESCALATED)
    first = publishing.links.link_for(notice, "")
    publishing.clock.advance(timedelta(minutes=3))

    assert publishing.links.link_for(notice, "") == first


def test_a_message_that_is_late_by_more_than_the_links_life_has_none() -> None:
    publishing = Publishing()
    publishing.clock.advance(timedelta(hours=24))

    assert publishing.links.link_for(a_notice(kind=NoticeKind.ESCALATED), "") is None


def test_when_the_key_cannot_be_read_the_message_goes_out_without_and_the_next_ones_do_not_wait() -> None:
    publishing, notice = Publishing(FakeSigning(Transient("no answer"))), a_notice(kind=NoticeKind.ESCALATED)

    assert [publishing.links.link_for(notice, "") for _ in range(3)] == 3 * [None]
    assert publishing.signing.asked == 1
    assert [str(error) for error in publishing.failures] == ["no answer"]

    publishing.signing.error = None
    publishing.clock.advance(timedelta(minutes=1))
    assert publishing.links.link_for(notice, "") is not None


NAMED = ("web-7", "db-4")


def test_a_link_to_many_is_kept_with_exactly_what_it_grants_and_fits_a_text_message() -> None:
    publishing = Publishing()

    link = publishing.links.link_to_all((*NAMED, "web-7"), "oncall", NOON)

    assert link is not None
    (kept,) = publishing.kept.many
    token = link.url.rpartition("/")[2]
    assert (kept.incident_ids, kept.to, kept.expires_at) == (NAMED, "oncall", NOON + timedelta(hours=24))
    assert kept.link_id == many_id(token)
    assert len(link.url) <= 90
    assert token not in repr(kept), "whoever reads the table can't make the link"
    check_many(token, kept, {KEY.id: KEY})
    for changed in (
        replace(kept, incident_ids=(*NAMED, "db-5")),
        replace(kept, incident_ids=NAMED[:1]),
        replace(kept, to="lead"),
        replace(kept, expires_at=NOON + timedelta(days=9)),
        replace(kept, key_id="00000000"),
    ):
        with pytest.raises(Forged):
            check_many(token, changed, {KEY.id: KEY})


def test_a_digest_that_is_sent_again_has_the_same_link() -> None:
    publishing = Publishing()

    assert publishing.links.link_to_all(NAMED, "oncall", NOON) == publishing.links.link_to_all(NAMED, "oncall", NOON)


def test_a_digest_goes_out_without_its_link_when_it_cannot_be_kept() -> None:
    publishing = Publishing(kept=FakeManyStore(error=Transient("no answer")))

    assert publishing.links.link_to_all(NAMED, "oncall", NOON) is None
    assert [str(error) for error in publishing.failures] == ["no answer"]


def test_the_link_stands_where_it_says_what_to_do_and_what_stood_there_follows() -> None:
    body = "web-1 is down.\nWhat you must do: Say yes or no.\nYes:  aws events put-events\n\nTimeline"

    assert with_link(body, f"{URL}/a/1.x", NOON).split("\n") == [
        "web-1 is down.",
        "What you must do: Answer here. Opening it changes nothing; it takes one answer, until 30 April 12:00 UTC:",
        f"                  {URL}/a/1.x",
        "                  Say yes or no.",
        "Yes:  aws events put-events",
        "",
        "Timeline",
    ]


def test_a_message_that_says_nothing_of_what_to_do_gets_it_at_its_end() -> None:
    assert with_link("It is down.", "https://x/a/1", NOON).splitlines()[1:] == [
        "What you must do: Answer here. Opening it changes nothing; it takes one answer, until 30 April 12:00 UTC:",
        "                  https://x/a/1",
    ]
