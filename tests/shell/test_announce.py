"""A notice goes out on every channel, and is marked only then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.incident import Notice, NoticeKind
from defib.shell.announce import Announcing, announce
from defib.shell.ports import Transient
from tests.core.facts import NOON
from tests.fakes import FakeChannel, FakeClock, FakeStore

NOTICE = Notice("web-1", "web", 1, NoticeKind.OPENED, NOON, "i-0aa1-1", "i-0aa1", "subject", "body", "sms")


@pytest.fixture
def edges() -> Announcing:
    store = FakeStore(notices={("web-1", 1): NOTICE})
    return Announcing(FakeClock(), store, (FakeChannel("mail"), FakeChannel("page")))


def published(edges: Announcing) -> list[list[Notice]]:
    return [channel.published for channel in edges.channels if isinstance(channel, FakeChannel)]


def test_a_notice_goes_out_on_every_channel_and_is_marked(edges: Announcing) -> None:
    assert announce("web-1", 1, edges)

    assert published(edges) == [[NOTICE], [NOTICE]]
    assert edges.store.published_at("web-1", 1) == NOON


def test_a_notice_delivered_twice_goes_out_once(edges: Announcing) -> None:
    announce("web-1", 1, edges)

    assert not announce("web-1", 1, edges)
    assert published(edges) == [[NOTICE], [NOTICE]]


def test_a_notice_that_does_not_exist_is_no_error(edges: Announcing) -> None:
    assert not announce("web-1", 2, edges)


def test_a_channel_that_fails_leaves_the_notice_unpublished_for_another_try(edges: Announcing) -> None:
    failing = replace(edges, channels=(FakeChannel("mail", error=Transient("no answer")),))

    with pytest.raises(Transient):
        announce("web-1", 1, failing)

    assert edges.store.published_at("web-1", 1) is None
    assert list(edges.store.unpublished_notices(NOON + timedelta(minutes=1), 10)) == [NOTICE]


def test_a_notice_that_should_have_gone_before_goes_before(edges: Announcing) -> None:
    resolved = replace(NOTICE, sequence=2, kind=NoticeKind.RESOLVED)
    assert isinstance(edges.store, FakeStore)
    edges.store.notices["web-1", 2] = resolved

    assert announce("web-1", 2, edges)
    assert not announce("web-1", 1, edges)

    assert published(edges) == [[NOTICE, resolved], [NOTICE, resolved]]
