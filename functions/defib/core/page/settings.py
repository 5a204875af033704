"""What the operator decides about the status page."""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta
from enum import StrEnum

from defib.core.frozen import dataclass
from defib.core.page.elsewhere import OtherPage
from defib.core.page.model import ComponentStatus
from defib.core.setting import MAYBE_HTTPS, Form, choice, duration, flag, number, string, tables

TITLE = Form("text of 1 to 80 characters", 80)
MAYBE_TITLE = Form("text of at most 80 characters", 80, r".*")
MAYBE_ABOUT = Form("text of at most 300 characters", 300, r".*")
MAYBE_HOST = Form(
    "a host name such as status.example.com, or nothing",
    253,
    r"(?:(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})?",
)
MAYBE_CERTIFICATE = Form(
    "the ARN of an ACM certificate in us-east-1, or nothing",
    200,
    r"(?:arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/[0-9a-f-]{36})?",
)
MAYBE_REGION = Form("an AWS Region such as us-west-2, or nothing", 25, r"(?:[a-z]{2,4}(-[a-z]+)+-[0-9])?")


class Language(StrEnum):
    """The languages in which the page can speak (core/page/words.py)."""

    ENGLISH = "en"
    GERMAN = "de"


class Publishing(StrEnum):
    """Who publishes an incident."""

    AUTOMATIC = "automatic"
    """Defib does, after the hold time."""
    DRAFT = "draft"
    """Defib writes a draft and tells staff. A person publishes it; from then on its updates follow by themselves."""


class Outage(StrEnum):
    """How a component does while instances of its service are in trouble."""

    OPERATIONAL = ComponentStatus.OPERATIONAL.value
    DEGRADED = ComponentStatus.DEGRADED.value
    PARTIAL_OUTAGE = ComponentStatus.PARTIAL_OUTAGE.value
    MAJOR_OUTAGE = ComponentStatus.MAJOR_OUTAGE.value

    @property
    def status(self) -> ComponentStatus:
        return ComponentStatus(self.value)


@dataclass(frozen=True, slots=True)
class ServiceOnPage:
    """How one service stands on the page. Without a title it is not on it."""

    title: str = field(
        default="",
        metadata=string("What customers call the service; left out, it is not on the page.", "Website", MAYBE_TITLE),
    )
    description: str = field(
        default="", metadata=string("One sentence for customers.", "Everything under www.example.com.", MAYBE_ABOUT)
    )
    group: str = field(
        default="",
        metadata=string(
            "The heading it stands under; services of one group share their incidents.", "Builds", MAYBE_TITLE
        ),
    )
    impact: Outage = field(
        default=Outage.DEGRADED,
        metadata=choice("How it does while instances of it are in trouble.", Outage, example=Outage.MAJOR_OUTAGE),
    )
    worse_from: int = field(
        default=2, metadata=number("From so many instances in trouble on it does as worse says.", 3, 1, 1_000)
    )
    worse: Outage = field(
        default=Outage.PARTIAL_OUTAGE,
        metadata=choice("How it does then.", Outage, example=Outage.MAJOR_OUTAGE),
    )


@dataclass(frozen=True, slots=True)
class PageSettings:
    """The status page as a whole."""

    enabled: bool = field(default=False, metadata=flag("Whether there is a status page.", "true"))
    title: str = field(default="Status", metadata=string("Its name.", "Example CI", TITLE))
    language: Language = field(
        default=Language.ENGLISH, metadata=choice("The language it speaks.", Language, example=Language.GERMAN)
    )
    publishing: Publishing = field(
        default=Publishing.AUTOMATIC,
        metadata=choice("Who publishes an incident: Defib, or a person.", Publishing, example=Publishing.DRAFT),
    )
    hold: timedelta = field(
        default=timedelta(minutes=2),
        metadata=duration("How long a service must have been in trouble before the page says so.", "5m", "0s", "1h"),
    )
    next_update: timedelta = field(
        default=timedelta(minutes=30),
        metadata=duration(
            "How soon after an update the next one is promised, and made; later, where trouble has lasted for hours.",
            "1h",
            "5m",
            "1d",
        ),
    )
    refresh: timedelta = field(
        default=timedelta(minutes=5),
        metadata=duration("How often the page is made anew when nothing changes.", "15m", "1m", "1h"),
    )
    announce_maintenance: timedelta = field(
        default=timedelta(days=7),
        metadata=duration("How long before a planned outage the page announces it.", "14d", "0s", "30d"),
    )
    support_url: str = field(
        default="", metadata=string("Where customers get help.", "https://www.example.com/support", MAYBE_HTTPS)
    )
    domain: str = field(
        default="",
        metadata=string(
            "The host name of its own that the page answers to; needs a certificate.", "status.example.com", MAYBE_HOST
        ),
    )
    certificate: str = field(
        default="",
        metadata=string(
            "The certificate for that name.",
            "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
            MAYBE_CERTIFICATE,
        ),
    )
    failover_region: str = field(
        default="",
        metadata=string(
            "A second Region that keeps a copy, which is shown when the first does not answer.",
            "us-west-2",
            MAYBE_REGION,
        ),
    )
    api: bool = field(
        default=False,
        metadata=flag("Whether the page can be read and written by the Stashboard API too, a public address.", "true"),
    )
    legacy_writes: bool = field(
        default=False,
        metadata=flag("Whether clients older than Stashboard 1.5 may write under /api/v1 too, signed.", "true"),
    )
    subscribe: bool = field(
        default=False, metadata=flag("Whether customers may subscribe to the page by e-mail.", "true")
    )
    subscriptions_a_day: int = field(
        default=100,
        metadata=number("How many addresses a day (UTC) are sent the link that makes them subscribers.", 500, 1, 1_000),
    )
    elsewhere: tuple[OtherPage, ...] = field(
        default=(),
        metadata=tables("Other pages that follow this one.", "[page.elsewhere.statuspage]", least=0, most=10),
    )

    def other(self, name: str) -> OtherPage | None:
        """The other page of that name; None when it has left the configuration."""
        return next((other for other in self.elsewhere if other.name == name), None)
