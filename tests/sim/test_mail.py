"""Mail scanners and people, as a replay has them: what a scanner's visit must not do is noticed when it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from defib.core.answer.link import Say
from sim.clock import VirtualTime
from sim.distribution import Reply
from sim.http_api import HttpRequest
from sim.mail import Mail
from sim.recording import Message

NOON = datetime(2026, 4, 30, 12, 0, tzinfo=UTC)
URL = "https://answers/a/1.x"
PAGE = b'<h1>Who?</h1><button name="answer" value="acknowledge">'


@dataclass
class FakeApi:
    """An API whose GETs may use links up, as they must not."""

    code: int = 200
    uses: bool = False
    used: set[str] = field(default_factory=set)
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)

    def request(self, host: str, request: HttpRequest, then: Callable[[Reply], None]) -> None:
        url = f"https://{host}{request.target}"
        self.requests.append((request.method, url, request.body))
        if request.method == "POST" or self.uses:
            self.used.add(url)
        then(Reply(self.code, (), PAGE))


def mailbox(api: FakeApi) -> tuple[VirtualTime, Mail]:
    time = VirtualTime(NOON)
    return time, Mail(time, api, lambda: frozenset(api.used), lambda _: None)  # type: ignore[arg-type]  # as much of it as is used


def a_message(medium: str = "email", body: str = f"Answer here:\n  {URL}\nor not.") -> Message:
    return Message(NOON, medium, "oncall@example.com", "NEEDS YOU", body, "web-1", "escalated")


def after(time: VirtualTime, **span: float) -> None:
    with time:
        time.run_until(time.now + timedelta(**span))


def test_a_scanner_opens_each_link_that_arrives() -> None:
    api = FakeApi()
    time, mail = mailbox(api)

    mail.receive(a_message())
    after(time, seconds=5)

    assert api.requests == [("GET", URL, b"")]
    assert (mail.wrong, mail.failed) == ([], [])


def test_a_link_that_is_used_by_being_opened_fails_the_replay() -> None:
    time, mail = mailbox(FakeApi(uses=True))

    mail.receive(a_message())
    after(time, seconds=5)

    assert mail.wrong == ["a link was used by being opened"]


def test_a_page_that_fails_is_noticed() -> None:
    time, mail = mailbox(FakeApi(code=500))

    mail.receive(a_message())
    after(time, seconds=5)

    assert mail.failed == ["a page failed with 500"]


def test_an_sms_with_a_link_is_noticed() -> None:
    _, mail = mailbox(FakeApi())

    mail.receive(a_message("sms"))

    assert mail.wrong == ["sms to oncall@example.com has a link"]


def test_a_person_reads_the_page_and_presses_its_button() -> None:
    api = FakeApi()
    time, mail = mailbox(api)
    mail.receive(a_message())
    after(time, seconds=5)

    mail.say(Say.ACKNOWLEDGE, "web-1", "Ada")
    after(time, minutes=1)

    assert api.requests[1:] == [("GET", URL, b""), ("POST", URL, b"answer=acknowledge&by=Ada")]
    assert (mail.wrong, mail.failed) == ([], [])


def test_an_answer_that_no_link_offers_is_noticed() -> None:
    time, mail = mailbox(FakeApi())
    mail.receive(a_message())

    mail.say(Say.APPROVE, "web-1", "Ada")
    mail.say(Say.ACKNOWLEDGE, "db-1", "Ada")
    after(time, minutes=1)

    assert mail.failed == ["no link offers approve", "no link offers acknowledge"]
