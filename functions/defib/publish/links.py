"""The links that messages carry: signed, or left out where the key can't be read. No message waits for its link."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from defib.answer.token import signed_many, token_of
from defib.aws import link_keys, link_store
from defib.aws.permission import union
from defib.core.answer.link import link_of
from defib.core.answer.mail import AnswerLink
from defib.core.answer.many import many_of
from defib.core.policy import Calls
from defib.shell.ports import CallFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from defib.answer.ports import Signing
    from defib.answer.token import Key
    from defib.core.answer.many import Many
    from defib.core.incident import Notice
    from defib.core.policy import Policy
    from defib.shell.ports import Clock

PERMISSIONS = union(link_keys.PERMISSIONS, link_store.KEEPING)

CALLS = Calls(connect_timeout=timedelta(seconds=1), read_timeout=timedelta(seconds=2), attempts=1)
"""A message without its link is better than a link with its message late."""
TRIED_AGAIN_AFTER = timedelta(minutes=1)
"""How soon after the key could not be read it is asked for again: until then no message is held up by it."""


class NoLinks:
    """Keeps the promises of ``ports.Links`` where the policy has none."""

    def link_for(self, notice: Notice, contact: str) -> AnswerLink | None:  # noqa: ARG002 - the port's
        return None

    def link_to_all(self, incident_ids: Sequence[str], contact: str, at: datetime) -> AnswerLink | None:  # noqa: ARG002 - the port's
        return None


class ManyStore(Protocol):
    """Where it is kept what a link to many grants."""

    def keep(self, many: Many) -> None:
        """Raises Transient or Rejected."""
        ...


class SignedLinks:
    """Keeps the promises of ``ports.Links``. ``url`` is where links lead; ``failed`` is told why there is none."""

    def __init__(
        self,
        signing: Signing,
        store: ManyStore,
        url: str,
        policy: Policy,
        clock: Clock,
        failed: Callable[[CallFailed], None],
    ) -> None:
        self._store = store
        self._signing = signing
        self._url = url
        self._policy = policy
        self._clock = clock
        self._failed = failed
        self._failed_at: datetime | None = None

    def link_for(self, notice: Notice, contact: str) -> AnswerLink | None:
        link = link_of(notice, contact, self._policy.answers, self._policy.repair)
        if link is None:
            return None
        return self._answered(link.expires_at, lambda key: token_of(link, key))

    def link_to_all(self, incident_ids: Sequence[str], contact: str, at: datetime) -> AnswerLink | None:
        many = many_of(incident_ids, contact, at, self._policy.answers)

        def kept(key: Key) -> str:
            signed, token = signed_many(many, key)
            self._store.keep(signed)
            return token

        return self._answered(many.expires_at, kept)

    def _answered(self, until: datetime, token: Callable[[Key], str]) -> AnswerLink | None:
        now = self._clock.now()
        if now >= until or (self._failed_at is not None and now - self._failed_at < TRIED_AGAIN_AFTER):
            return None
        try:
            return AnswerLink(f"{self._url}/a/{token(self._signing.newest())}", until)
        except CallFailed as error:
            self._failed_at = now
            self._failed(error)
            return None
