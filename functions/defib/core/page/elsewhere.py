"""What the operator decides about the other pages that follow this one, and what each kind of them can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import timedelta
from enum import StrEnum

from defib.core.frozen import dataclass
from defib.core.setting import Form, choice, duration, flag, ids, string

MAYBE_ADDRESS = Form(
    "a web address that begins with https://, without a query, or nothing",
    300,
    r"(?:https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)*/?)?",
)
MAYBE_PAGE_ID = Form("1 to 64 letters, digits, _ and -, or nothing", 64, r"[A-Za-z0-9_-]*")
SECRET_NAME = Form("the name of a secret of 1 to 128 letters, digits and /_+=.@-", 128, r"[A-Za-z0-9/_+=.@-]+")
COMPONENT_ID = Form("1 to 64 letters, digits, _ and -", 64, r"[A-Za-z0-9_-]+")


class Kind(StrEnum):
    """What speaks there."""

    STATUSPAGE = "statuspage"
    """Atlassian Statuspage."""
    STASHBOARD = "stashboard"
    CACHET = "cachet"
    """Cachet 3."""
    INSTATUS = "instatus"
    WEBHOOK = "webhook"
    """Anything that takes signed messages."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a kind is told."""

    together: bool = False
    """It takes the statuses of components in the call that tells it of an update."""
    by_component: bool = False
    """It knows no incidents: each component is told by itself."""
    turns_alone: bool = False
    """Of a planned outage it needs the times alone: by them it begins and ends there."""
    takes_all: bool = False
    """It is told of every component, by the service's own name."""
    address: str = ""
    """Where it is, for those that are in one place only."""
    needs_page: bool = False
    """It serves several pages: which is meant?"""


MANNERS: Mapping[Kind, Manner] = {
    Kind.STATUSPAGE: Manner(together=True, address="https://api.statuspage.io/v1", needs_page=True),
    Kind.STASHBOARD: Manner(by_component=True),
    # Its page shows a component by the status with which the newest open incident was created, which no later call can
    # change (cachethq/core, Component::latestStatus): so components are told by themselves.
    Kind.CACHET: Manner(turns_alone=True),
    Kind.INSTATUS: Manner(together=True, address="https://api.instatus.com", needs_page=True),
    Kind.WEBHOOK: Manner(together=True, takes_all=True),
}


@dataclass(frozen=True, slots=True)
class OtherPage:
    """One page that follows."""

    name: str
    kind: Kind = field(metadata=choice("What speaks there.", Kind, example=Kind.STATUSPAGE))
    secret: str = field(
        metadata=string(
            "The name of the secret in AWS Secrets Manager that holds the key to it.", "defib/statuspage", SECRET_NAME
        )
    )
    url: str = field(
        default="",
        metadata=string(
            "The address of its API; left out for statuspage and instatus.",
            "https://status.example.com/api",
            MAYBE_ADDRESS,
        ),
    )
    page_id: str = field(
        default="",
        metadata=string("Which page, for statuspage and instatus.", "kctbh9vrtdwd", MAYBE_PAGE_ID),
    )
    components: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict,
        metadata=ids(
            "The service's component there, or several, by the service's name.",
            '{ web = "8kbf7d35c070" }',
            COMPONENT_ID,
            keys=100,
            values=10,
        ),
    )
    notify: bool = field(default=True, metadata=flag("Whether it tells its own subscribers of each update."))
    tell_after: timedelta = field(
        default=timedelta(minutes=10),
        metadata=duration(
            "How long it may fail for a passing reason before staff are told; for any other, they are at once.",
            "30m",
            "1m",
            "1d",
        ),
    )

    @property
    def manner(self) -> Manner:
        return MANNERS[self.kind]

    @property
    def address(self) -> str:
        """Of its API, without a slash at its end."""
        return (self.url or self.manner.address).rstrip("/")

    @property
    def which(self) -> str:
        """What tells it from every other page that might have its name; at another ``url`` it is the same one."""
        return f"{self.kind} {self.page_id}".rstrip()

    def there(self, key: str) -> tuple[str, ...]:
        """What the component is called there; empty for one that is not to be shown there."""
        return (key,) if self.manner.takes_all else self.components.get(key, ())
