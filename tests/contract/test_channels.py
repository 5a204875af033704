"""What people get of a post, by the channels in memory as by the deployed ones on moto."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from defib.core.medium import Medium
from defib.shell.ports import CallFailed, Rejected, Transient, Unanswered
from sim.fuzz.trouble import Trouble
from tests.aws.test_sns import a_post
from tests.contract.ports import Befalls
from tests.contract.posting import Heard, Posting

Post = Callable[..., Posting]
SMS_ONLY = (Medium.SMS,)


@pytest.mark.parametrize("media", [tuple(Medium), (Medium.EMAIL, Medium.CHAT), SMS_ONLY, (Medium.HTTPS,)])
def test_each_medium_of_a_post_gets_its_own_text(post: Post, media: tuple[Medium, ...]) -> None:
    here = post()
    told = a_post(media=media)
    for channel in here.channels:
        if told.only(channel.media).media:
            channel.publish(told.only(channel.media))
    here.later(10)
    # A chat's topic is its contact's own: it carries no attributes.
    expected = {(medium, getattr(told, medium)) for medium in media}
    assert {(heard.medium, heard.text) for heard in here.heard} == expected
    assert len(here.heard) == len(media)


def test_both_have_the_same_channels(post: Post) -> None:
    assert [channel.media for channel in post().channels] == [(Medium.EMAIL, Medium.SMS, Medium.HTTPS), (Medium.CHAT,)]


@pytest.mark.parametrize(("number", "on"), [(0, "channel.publish"), (1, "channel.chat")])
@pytest.mark.parametrize(
    ("trouble", "failure", "code"),
    [
        (Trouble.REFUSED, Transient, "ThrottlingException"),
        (Trouble.DENIED, Rejected, "AccessDenied"),
        (Trouble.HANGS, Unanswered, "ReadTimeoutError"),
    ],
)
def test_a_post_that_can_not_go_out_says_so_and_nobody_hears_it(
    post: Post, number: int, on: str, trouble: Trouble, failure: type[CallFailed], code: str
) -> None:
    here = post(Befalls(trouble, on))
    channel, nothing = here.channels[number], list[Heard]()
    with pytest.raises(CallFailed) as raised:
        channel.publish(a_post().only(channel.media))
    here.later(10)
    assert (type(raised.value), raised.value.code, here.heard) == (failure, code, nothing)
