"""What becomes of the links in people's mail: a scanner opens each, and people answer by them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from defib.core.answer.link import Say
from sim.http_api import HttpRequest

if TYPE_CHECKING:
    from sim.clock import VirtualTime
    from sim.distribution import Reply
    from sim.gateway import Gateway
    from sim.recording import Message

LINK = re.compile(r"https://\S+/a/\S+")
MANY = re.compile(r"https://\S+/a/2\.\S+")
"""The link to all that a digest names, which a text message has room for."""
OFFERED = re.compile(r'name="answer" value="(\w+)"')
TITLE = re.compile(r"<h1>(.*?)</h1>")
SCANNED_AFTER = timedelta(milliseconds=500)
"""How soon after a message has arrived a scanner has opened all of its links."""
READ_FOR = timedelta(seconds=20)
"""How long a person looks at the page before they press a button."""
EXPIRED = 410
FORM = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}


@dataclass(frozen=True, slots=True)
class _Received:
    """One link as it lies in a mailbox."""

    incident_id: str
    url: str
    body: str
    """Of the message: a digest names its incidents."""

    def is_about(self, incident_id: str) -> bool:
        """Whether it can answer for the incident."""
        return self.incident_id == incident_id or (bool(incident_id) and f"  {incident_id}  " in self.body)


class Mail:
    """All mailboxes. ``used`` says which links have been used, by their ids, and ``tell`` what happens to one."""

    def __init__(
        self, time: VirtualTime, api: Gateway, used: Callable[[], frozenset[str]], tell: Callable[[str], None]
    ) -> None:
        self._time = time
        self._api = api
        self._used = used
        self._tell = tell
        self._links: list[_Received] = []
        self.opened = 0
        """How often a link was opened, by scanners and people."""
        self.answered = 0
        """How many answers people have given by a link."""
        self.wrong: list[str] = []
        """What must never be: a link that was used by being opened, or that an SMS has no room for."""
        self.failed: list[str] = []
        """What can only be while the machinery is in trouble."""

    def receive(self, message: Message) -> None:
        """A message has arrived, and whatever looks through mail opens each link in it."""
        for url in LINK.findall(message.body):
            if message.medium != "email" and not MANY.fullmatch(url):
                self.wrong.append(f"{message.medium} to {message.to} has a link")
            self._links.append(_Received(message.incident_id, url, message.body))
            self._time.after(SCANNED_AFTER, lambda u=url: self._open(u, lambda _: None))  # type: ignore[misc]  # mypy infers no type for a lambda's default

    def say(self, say: Say, incident_id: str, by: str) -> None:
        """Somebody opens the newest link of the incident that offers ``say``, reads, and presses that button."""
        about = [link for link in self._links if link.is_about(incident_id)]
        self._try(say, by, list(dict.fromkeys(reversed(about))))

    def _try(self, say: Say, by: str, links: list[_Received]) -> None:
        if not links:
            self.failed.append(f"no link offers {say}")
            return
        link, *older = links

        def read(answered: Reply) -> None:
            if say.value in OFFERED.findall(answered.body.decode()):
                self._time.after(READ_FOR, lambda: self._press(say, by, link.url))
            else:
                self._try(say, by, older)

        self._open(link.url, read)

    def _open(self, url: str, then: Callable[[Reply], None]) -> None:
        before = self._used()
        answers = self.answered

        def opened(answered: Reply) -> None:
            self.opened += 1
            if answered.code not in (200, EXPIRED):
                self.failed.append(f"a page failed with {answered.code}")
            if self._used() != before and self.answered == answers:
                self.wrong.append("a link was used by being opened")
            then(answered)

        self._send(HttpRequest("GET", urlsplit(url).path, {}), url, opened)

    def _press(self, say: Say, by: str, url: str) -> None:
        self.answered += 1

        def done(answered: Reply) -> None:
            title = TITLE.search(answered.body.decode())
            words = html.unescape(title[1]) if title is not None else str(answered.code)
            self._tell(f"{by} says {say} by a link: {words}")
            if answered.code != 200:
                self.failed.append(f"an answer by link was refused: {words}")

        body = urlencode({"answer": say.value, "by": by}).encode()
        self._send(HttpRequest("POST", urlsplit(url).path, FORM, body), url, done)

    def _send(self, request: HttpRequest, url: str, then: Callable[[Reply], None]) -> None:
        self._api.request(urlsplit(url).netloc, request, then)
