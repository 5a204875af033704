"""The links that messages carry: signed, or left out where the key can't be read. No message waits for its link."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from defib.answer.token import token_of
from defib.aws import link_keys
from defib.core.answer.link import link_of
from defib.core.answer.mail import AnswerLink
from defib.core.policy import Calls
from defib.shell.ports import CallFailed

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from defib.answer.ports import Signing
    from defib.core.incident import Notice
    from defib.core.policy import Policy
    from defib.shell.ports import Clock

PERMISSIONS = link_keys.PERMISSIONS

CALLS = Calls(connect_timeout=timedelta(seconds=1), read_timeout=timedelta(seconds=2), attempts=1)
"""A message without its link is better than a link with its message late."""
TRIED_AGAIN_AFTER = timedelta(minutes=1)
"""How soon after the key could not be read it is asked for again: until then no message is held up by it."""


class NoLinks:
    """Keeps the promises of ``ports.Links`` where the policy has none."""

    def link_for(self, notice: Notice, contact: str) -> AnswerLink | None:  # noqa: ARG002 - the port's
        return None


class SignedLinks:
    """Keeps the promises of ``ports.Links``. ``url`` is where links lead; ``failed`` is told why there is none."""

    def __init__(
        self, signing: Signing, url: str, policy: Policy, clock: Clock, failed: Callable[[CallFailed], None]
    ) -> None:
        self._signing = signing
        self._url = url
        self._policy = policy
        self._clock = clock
        self._failed = failed
        self._failed_at: datetime | None = None

    def link_for(self, notice: Notice, contact: str) -> AnswerLink | None:
        now = self._clock.now()
        link = link_of(notice, contact, self._policy.answers, self._policy.repair)
        if link is None or now >= link.expires_at:
            return None
        if self._failed_at is not None and now - self._failed_at < TRIED_AGAIN_AFTER:
            return None
        try:
            key = self._signing.newest()
        except CallFailed as error:
            self._failed_at = now
            self._failed(error)
            return None
        return AnswerLink(f"{self._url}/a/{token_of(link, key)}", link.expires_at)
