"""What answering needs of the outside world. ``aws/`` keeps these promises with boto3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from defib.core.answer.link import Use
from defib.core.frozen import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from defib.answer.token import Key
    from defib.core.answer.many import Many
    from defib.core.case import Case
    from defib.core.incident import Incident
    from defib.shell.ports import Clock


class Signing(Protocol):
    """The key that new links are signed with."""

    def newest(self) -> Key:
        """Raises Transient or Rejected."""
        ...


class Keys(Protocol):
    """The keys that links in the mail are signed with."""

    def counting(self, key_id: str) -> Mapping[str, Key]:
        """The keys, by id, with which a link may be signed that still counts; one that has just come among them.

        ``key_id`` is the one that is looked for. Raises Transient or Rejected.
        """
        ...


class Links(Protocol):
    """What answering reads and writes of the table."""

    def incident(self, incident_id: str) -> Incident | None: ...

    def incidents(self, incident_ids: Sequence[str]) -> Mapping[str, Incident]:
        """Those of them that are known, by id; strongly consistent. Raises Transient or Rejected."""
        ...

    def case(self, case_id: str) -> Case | None: ...

    def many(self, link_id: str) -> Many | None:
        """What a link to many grants; None where none is kept by that id. Raises Transient or Rejected."""
        ...

    def use(self, link_id: str) -> Use | None:
        """How the link has been used; strongly consistent."""
        ...

    def remember(self, use: Use, link_expires_at: datetime) -> None:
        """Use the link up. Raises Conflict if it has been used, Transient or Rejected."""
        ...

    def passed_on(self, link_id: str, at: datetime) -> None:
        """Note that the answer has been passed on. Raises Transient or Rejected."""
        ...


class Bus(Protocol):
    """The account's default event bus, as far as a person may use it."""

    def say(self, detail_type: str, *details: str) -> None:
        """Put an event of the operator's on it for each detail. Raises Transient or Rejected where one was not taken.

        Those before it may have been.
        """
        ...


@dataclass(frozen=True, slots=True)
class Answering:
    """The edges."""

    clock: Clock
    keys: Keys
    links: Links
    bus: Bus
