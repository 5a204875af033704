"""What people read of a drill: that it is one, how to answer, and that the answer has arrived."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from defib.core.audience import DRILL
from defib.core.bulletin import Story, compose
from defib.core.call import CallAnswer
from defib.core.drill import Drill
from defib.core.duration import format_duration
from defib.core.escalation import Escalation
from defib.core.frozen import replace
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.words import NAME_MAX, plain

if TYPE_CHECKING:
    from defib.core.contact import Contact
    from defib.core.policy import Policy

NEVER = timedelta(days=3650)
"""When a drill's call gets louder by itself: everybody hears of a missing answer another way, and only once."""


def service_of(contact: str) -> str:
    """The name under which a contact's drills are kept; no service can have it."""
    return f"{DRILL}{contact}"


def asked(
    drill: Drill, contact: Contact, latest: Incident | None, policy: Policy, now: datetime
) -> tuple[Drill, tuple[Incident, ...], Notice]:
    """The drill once it is asked, its incident and notice, and the last one, closed, where nobody has answered it."""
    number = latest.number + 1 if latest is not None else 1
    settings = policy.drill
    until = now + settings.answer_within
    # Whoever reads when others are asked must read the drill's own time.
    calm = replace(policy, escalation=Escalation(settings.answer_within, settings.answer_within))
    incident, notice = compose(
        Incident(service_of(contact.name), number, now),
        _story(contact, until, drill.wanted_by),
        NoticeKind.ESCALATED,
        calm,
        now,
    )
    if incident.call is not None:
        incident = replace(incident, call=replace(incident.call, next_at=now + NEVER))
    closed = (replace(latest, call=None, resolved_at=now),) if latest is not None and not latest.resolved_at else ()
    return Drill(drill.contact, now, number, open=True), (*closed, incident), notice


def _story(contact: Contact, until: datetime, wanted_by: str) -> Story:
    how = "The e-mail says how." if contact.email else "Tell whoever runs Defib."
    addresses = len(contact.email) + len(contact.sms)
    duty = "Say that it has arrived, by the link if there is one, or by the first command."
    if addresses > 1:
        duty += (
            f" One answer counts for all {addresses} addresses of {contact.name}: if it came to you in fewer ways than"
            " it should have, or others read there too, see to those as well."
        )
    wanted = f" {plain(wanted_by, NAME_MAX)} wanted it now." if wanted_by else ""
    return Story(
        f"drill for {contact.name}: please answer by {until:%H:%M} UTC",
        f"Nothing: this is a drill.{wanted} It came the way that a call for help comes.",
        "It waits for the answer of one of you. Without one everybody else hears that you can't be reached.",
        duty,
        how,
        asks=True,
        tag="",
    )


def passed(incident: Incident, answer: CallAnswer, policy: Policy, now: datetime) -> tuple[Incident, Notice]:
    """The drill's incident, over, with who has answered and how fast; and the notice of it."""
    by = plain(answer.by, NAME_MAX)
    took = format_duration(timedelta(seconds=round((now - incident.opened_at).total_seconds())))
    story = Story(
        f"drill answered by {by} after {took}",
        "Nothing: this was a drill.",
        "It remembers that messages arrive, and drills again when it is time.",
        "Nothing.",
        "Thank you.",
    )
    over = replace(incident, resolved_at=now)
    return compose(over, story, NoticeKind.ACKNOWLEDGED, policy, now)
