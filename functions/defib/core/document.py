"""The tables of ``defib.toml``: ``parse.py`` reads along these types, the table of keys in the docs follows them."""

from __future__ import annotations

from dataclasses import field

from defib.core.answer.settings import AnswerSettings
from defib.core.delivery import Delivery
from defib.core.drill import DrillSettings
from defib.core.frozen import dataclass
from defib.core.maintenance import Maintenance
from defib.core.page.settings import PageSettings
from defib.core.policy import (
    Calls,
    Contact,
    Detection,
    Escalation,
    Limits,
    MessageLimits,
    Repair,
    Retention,
    Service,
    Tag,
)
from defib.core.setting import OPT_IN_TAG, string, table, tables
from defib.core.watchtower import WatchtowerSettings


@dataclass(frozen=True, slots=True)
class OptIn:
    """What all instances in Defib's care have in common."""

    opt_in_tag: Tag = field(
        metadata=string(
            "The tag that puts an instance in Defib's care, provided it belongs to a service too.",
            "self-heal=true",
            OPT_IN_TAG,
        )
    )
    maintenance: tuple[Maintenance, ...] = field(
        default=(),
        metadata=tables(
            "Planned outages of everything: nothing is repaired and nobody is told while one is on.",
            '[{ date = "2026-10-25", at = "22:00", zone = "Europe/Berlin", lasts = "8h" }]',
            least=0,
            most=20,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The whole file, in the order in which it is explained."""

    defib: OptIn = field(metadata=table("What is in Defib's care."))
    services: tuple[Service, ...] = field(
        metadata=tables("What is healed, and how.", "[services.web]", least=1, most=300)
    )
    contacts: tuple[Contact, ...] = field(
        default=(), metadata=tables("Who can be told.", "[contacts.oncall]", least=0, most=50)
    )
    answers: AnswerSettings = field(metadata=table("Answering by a link."))
    escalation: Escalation = field(metadata=table("How soon more people are asked when nobody answers."))
    delivery: Delivery = field(metadata=table("Making sure that they can be reached."))
    drill: DrillSettings = field(metadata=table("Making sure that they answer."))
    messages: MessageLimits = field(metadata=table("How many messages one contact gets before they are summed up."))
    page: PageSettings = field(metadata=table("The status page."))
    watchtower: WatchtowerSettings = field(metadata=table("What watches Defib itself, from another Region."))
    detection: Detection = field(metadata=table("What looks for trouble besides the one-minute sweep."))
    repair: Repair = field(metadata=table("Limits of the ladder."))
    limits: Limits = field(metadata=table("Limits over all services together."))
    calls: Calls = field(metadata=table("Bounds of every call to AWS, and to other status pages."))
    retention: Retention = field(metadata=table("How long things are kept."))
