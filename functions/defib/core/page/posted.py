"""What a person or a program posts about a component, as an incident of the page beside those that Defib derives."""

from __future__ import annotations

from datetime import datetime

from defib.core.frozen import dataclass, replace
from defib.core.page.derive import Derived, components_of, with_incident
from defib.core.page.model import (
    IMPACT_OF,
    Affected,
    Component,
    ComponentStatus,
    Impact,
    IncidentStatus,
    Origin,
    PublicIncident,
    Shown,
    Update,
)
from defib.core.page.words import clock, took, words
from defib.core.policy import Policy

BODY_MAX = 25_000
"""Characters: as long as Statuspage's may be."""
ON_PAGE_MAX = 4_000
"""Characters of it that the page shows; Stashboard's own event has them all."""

OPEN_MOST = 100
"""Components of which people say at once that they are in trouble, so that all fits in the page's state."""


@dataclass(frozen=True, slots=True)
class Posted:
    """One message about one component."""

    key: str
    standing: ComponentStatus
    message: str
    informational: bool = False
    """It says something, and changes nothing."""


def posted(shown: Shown, post: Posted, policy: Policy, now: datetime) -> Derived:
    """The page once ``post`` is on it. Nobody holds it back: whoever posts has looked.

    Trouble opens the component's incident or is its next update; being operational again resolves it. A message that
    is only informational is an update of what is open, or else an incident that is over at once. That a component is
    operational of which nobody has said anything else is no news. An unknown component changes nothing.
    """
    shown = replace(shown, components=components_of(policy, shown, now))
    component = next((c for c in shown.components if c.key == post.key), None)
    current = shown.open_of(f"component:{post.key}", Origin.PERSON)
    well = post.standing is ComponentStatus.OPERATIONAL
    if component is None or (current is None and well and not post.informational):
        return Derived(shown)
    if current is None:
        return _opened(shown, component, post, policy, now)
    if post.informational:
        stands = current.components[post.key]
        return _updated(shown, current, component, stands, current.status, post.message, policy, now)
    status = IncidentStatus.RESOLVED if well else current.status
    return _updated(shown, current, component, post.standing, status, post.message, policy, now)


def by_people(shown: Shown) -> int:
    """How many open incidents people have posted."""
    return sum(incident.origin is Origin.PERSON for incident in shown.open)


def added(shown: Shown, key: str, name: str, description: str, policy: Policy, now: datetime) -> Shown:
    """The page with a component that the policy does not name, or with that one's new name and description."""
    known = next((c for c in shown.components if c.key == key), None)
    fresh = Component(key, name, description, created_at=now, updated_at=now, added=True)
    component = fresh if known is None else replace(known, name=name, description=description)
    others = tuple(c for c in shown.components if c.key != key)
    after = replace(shown, components=(*others, component))
    return replace(after, components=components_of(policy, after, now))


def removed(shown: Shown, key: str, policy: Policy, now: datetime) -> Derived:
    """The page without a component that was added; its open incident is over."""
    component = next((c for c in shown.components if c.key == key and c.added), None)
    if component is None:
        return Derived(shown)
    result = Derived(shown)
    current = shown.open_of(f"component:{key}", Origin.PERSON)
    if current is not None:
        said = words(policy.page.language)
        lasted = took(now - current.started_at, said)
        body = said.resolved.format(names=component.name, since=clock(current.started_at, now), took=lasted)
        result = _updated(
            shown, current, component, ComponentStatus.OPERATIONAL, IncidentStatus.RESOLVED, body, policy, now
        )
    left = tuple(c for c in result.shown.components if c.key != key)
    after = replace(result.shown, components=left)
    return replace(result, shown=replace(after, components=components_of(policy, after, now)))


def _opened(shown: Shown, component: Component, post: Posted, policy: Policy, now: datetime) -> Derived:
    number = shown.last_number + 1
    stands = ComponentStatus.OPERATIONAL if post.informational else post.standing
    over = stands is ComponentStatus.OPERATIONAL
    status = IncidentStatus.RESOLVED if over else IncidentStatus.INVESTIGATING
    subject = f"component:{post.key}"
    fresh = PublicIncident(number, "", subject, Origin.PERSON, Impact.NONE, status, now, now)
    after = replace(shown, last_number=number)
    return _updated(after, fresh, component, stands, status, post.message, policy, now)


def _updated(
    shown: Shown,
    incident: PublicIncident,
    component: Component,
    stands: ComponentStatus,
    status: IncidentStatus,
    message: str,
    policy: Policy,
    now: datetime,
) -> Derived:
    before = incident.components.get(component.key, ComponentStatus.OPERATIONAL)
    affected = (Affected(component.key, component.name, before, stands),)
    worst = max(incident.impact, IMPACT_OF[stands], key=tuple(Impact).index)
    said = words(policy.page.language)
    body = message if len(message) <= ON_PAGE_MAX else f"{message[:ON_PAGE_MAX].rstrip()}{said.shortened}"
    after = replace(
        incident,
        name=said.name[worst].format(names=component.name),
        status=status,
        impact=worst,
        updates=(Update(incident.sequence + 1, now, status, body, affected),),
        resolved_at=now if status is IncidentStatus.RESOLVED else None,
    )
    return Derived(with_incident(shown, after, policy, now), (after,))
