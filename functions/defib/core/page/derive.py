"""The page follows Defib's incidents: called whenever anything happens, it says what customers are shown from now on.

Pure and level-triggered: it looks at what is in trouble now, never at what has happened, so a lost call loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta

from defib.core.frozen import dataclass, replace
from defib.core.maintenance import in_window
from defib.core.page.ending import Lost, ending
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
    Work,
)
from defib.core.page.settings import Publishing
from defib.core.page.timeline import with_open
from defib.core.page.trouble import Trouble, component_status, status_of, work_on
from defib.core.page.words import clock, listed, took, words
from defib.core.policy import Policy
from defib.core.service import Service

AFFECTED = Mapping[str, ComponentStatus]
PROGRESS = (IncidentStatus.INVESTIGATING, IncidentStatus.IDENTIFIED, IncidentStatus.MONITORING)

LASTING = timedelta(minutes=12)
"""For each of these that trouble has lasted the next update is promised a minute later, but never sooner than the
policy says: a day of it has one every two hours."""
SUBJECTS_MOST = 20
"""How many incidents one look changes: with their notices they fit in one transaction, which takes 100 items and 4 MB
(DynamoDB API, TransactWriteItems)."""


@dataclass(frozen=True, slots=True)
class Derived:
    """The page after a look, with the incidents that have changed by it."""

    shown: Shown
    changed: tuple[PublicIncident, ...] = ()
    """In no version yet remembered, with the updates that are new; a draft that was withdrawn among them."""
    drafted: tuple[PublicIncident, ...] = ()
    """Drafts that staff have not been told of."""
    more: bool = False
    """This look was full: another at the same moment may change more."""
    names: Mapping[str, str] = field(default_factory=dict)
    """By key, what each component is called, or was until this look where it has left the page."""
    lost: Lost = field(default_factory=dict)


def derive(
    shown: Shown, troubled: Sequence[Trouble], policy: Policy, now: datetime, lost: Lost | None = None
) -> Derived:
    """What the page shows while ``troubled`` are in trouble. The same ``shown`` when nothing has changed.

    One look changes SUBJECTS_MOST incidents, and leaves the rest to the next.
    """
    components = components_of(policy, shown, now)
    called = {component.key: component.name for component in (*shown.components, *components)}
    result = Derived(_with_components(shown, components), names=called, lost=lost or {})
    for posted in _left_behind(result.shown, policy)[:SUBJECTS_MOST]:
        result = _resolved(posted, result, policy, now)
    wanted = subjects(policy)
    gone = {i.subject: () for i in shown.open if i.origin is Origin.DEFIB and i.subject not in wanted}
    for subject, services in (*gone.items(), *wanted.items()):
        if len(result.changed) == SUBJECTS_MOST:
            result = replace(result, more=True)
            break
        names = {service.name for service in services}
        here = [trouble for trouble in troubled if trouble.service in names]
        result = _about(subject, services, here, result, policy, now)
    return replace(result, shown=_with_components(result.shown, _standing(result.shown, policy, now)))


def _left_behind(shown: Shown, policy: Policy) -> list[PublicIncident]:
    """What people have posted that nobody could end by the API: its component has left the page, or the API is gone."""
    here = {f"component:{component.key}" for component in shown.components if policy.page.api}
    return [i for i in shown.open if i.origin is Origin.PERSON and i.subject not in here]


def publish(shown: Shown, number: int, policy: Policy, now: datetime) -> Derived:
    """A person publishes the draft of that number; anything else of that number changes nothing."""
    draft = next((i for i in shown.open if i.number == number and i.draft), None)
    if draft is None:
        return Derived(shown)
    only = replace(draft.updates[-1], sequence=1, at=now)
    public = replace(draft, draft=False, created_at=now, updates=(only,))
    after = with_open(shown, public)
    return Derived(replace(after, components=_standing(after, policy, now)), (public,))


def subjects(policy: Policy) -> Mapping[str, tuple[Service, ...]]:
    """What has incidents of its own: each group of components, and each component that stands alone."""
    found: dict[str, tuple[Service, ...]] = {}
    for service in policy.services:
        if service.page.title:
            subject = f"group:{service.page.group}" if service.page.group else f"component:{service.name}"
            found[subject] = (*found.get(subject, ()), service)
    return found


def components_of(policy: Policy, shown: Shown, now: datetime) -> tuple[Component, ...]:
    """The policy's components first, those of one group together, then those that were added."""
    known = {component.key: component for component in shown.components}
    services = [service for group in subjects(policy).values() for service in group]
    ours = [_described(known.get(service.name), service, now) for service in services]
    added = [c for c in shown.components if c.added and c.key not in {service.name for service in services}]
    placed = enumerate((*ours, *added), 1)
    return tuple([c if c.position == n else replace(c, position=n) for n, c in placed])


def _described(known: Component | None, service: Service, now: datetime) -> Component:
    """The component of ``service`` as the policy has it now; the same where it has not changed."""
    page = service.page
    if known is None:
        return Component(service.name, page.title, page.description, page.group, created_at=now, updated_at=now)
    described = (page.title, page.description, page.group, False)
    if (known.name, known.description, known.group, known.added) == described:
        return known
    return replace(known, name=page.title, description=page.description, group=page.group, added=False)


def _with_components(shown: Shown, components: tuple[Component, ...]) -> Shown:
    return shown if components == shown.components else replace(shown, components=components)


def _about(
    subject: str,
    services: Sequence[Service],
    troubled: Sequence[Trouble],
    so_far: Derived,
    policy: Policy,
    now: datetime,
) -> Derived:
    """One subject's incident: opened, updated, resolved, or left as it is."""
    current = so_far.shown.open_of(subject, Origin.DEFIB)
    if current is None:
        lasting = any(t.needs_people or now - t.since >= policy.page.hold for t in troubled)
        return _opened(subject, services, troubled, so_far, policy, now) if lasting else so_far
    if not troubled:
        return _resolved(current, so_far, policy, now)
    by_name = {service.name: service for service in services}
    fresh = {t.service: component_status(t, by_name[t.service]) for t in troubled}
    # Of a service that has left the page since, nothing more is said there.
    here = (key for key in {**current.components, **fresh} if key in by_name)
    standing = {key: fresh.get(key, ComponentStatus.OPERATIONAL) for key in here}
    status = _forward(current.status, status_of(troubled))
    work = work_on(troubled, status)
    given_up = work is Work.STAFF and current.work is not work
    due = current.next_update_at is not None and now >= current.next_update_at
    if (status, standing) == (current.status, current.components) and not (given_up or (due and not current.draft)):
        return so_far
    since = min(current.started_at, *(t.since for t in troubled))
    body = _body(replace(current, work=work), status, standing, so_far.names, policy, now)
    return _changed(replace(current, started_at=since, work=work), status, standing, body, so_far, policy, now)


def _opened(
    subject: str,
    services: Sequence[Service],
    troubled: Sequence[Trouble],
    so_far: Derived,
    policy: Policy,
    now: datetime,
) -> Derived:
    by_name = {service.name: service for service in services}
    standing = {t.service: component_status(t, by_name[t.service]) for t in troubled}
    if all(status is ComponentStatus.OPERATIONAL for status in standing.values()):
        return so_far
    number, since = so_far.shown.last_number + 1, min(t.since for t in troubled)
    draft = policy.page.publishing is Publishing.DRAFT
    status = status_of(troubled)
    fresh = PublicIncident(number, "", subject, Origin.DEFIB, Impact.NONE, status, since, now, draft=draft)
    fresh = replace(fresh, work=work_on(troubled, status))
    body = _body(fresh, status, standing, so_far.names, policy, now)
    opened = replace(so_far, shown=replace(so_far.shown, last_number=number))
    after = _changed(fresh, status, standing, body, opened, policy, now)
    return replace(after, drafted=(*after.drafted, after.changed[-1])) if draft else after


def _resolved(current: PublicIncident, so_far: Derived, policy: Policy, now: datetime) -> Derived:
    if current.draft:
        withdrawn = replace(current, withdrawn=True, resolved_at=now, next_update_at=None)
        return replace(so_far, shown=with_open(so_far.shown, withdrawn), changed=(*so_far.changed, withdrawn))
    standing = dict.fromkeys(current.components, ComponentStatus.OPERATIONAL)
    body = _body(current, IncidentStatus.RESOLVED, standing, so_far.names, policy, now)
    body = ending(current, so_far.shown, so_far.lost, so_far.names, policy, now) or body
    return _changed(current, IncidentStatus.RESOLVED, standing, body, so_far, policy, now)


def _changed(
    incident: PublicIncident,
    status: IncidentStatus,
    standing: AFFECTED,
    body: str,
    so_far: Derived,
    policy: Policy,
    now: datetime,
) -> Derived:
    """The incident with its next update; a draft's only update is replaced, for nobody has read it."""
    sequence, before = (0, {}) if incident.draft else (incident.sequence, incident.components)
    names = so_far.names
    affected = tuple(
        Affected(key, names.get(key, key), before.get(key, ComponentStatus.OPERATIONAL), new)
        for key, new in standing.items()
    )
    impact = max((IMPACT_OF[new] for new in standing.values()), key=tuple(Impact).index)
    worst = max(incident.impact, impact, key=tuple(Impact).index)
    over = status is IncidentStatus.RESOLVED
    said = words(policy.page.language)
    after = replace(
        incident,
        name=said.name[worst].format(names=listed([a.name for a in affected], said)),
        status=status,
        impact=worst,
        updates=(Update(sequence + 1, now, status, body, affected),),
        monitoring_at=now if status is IncidentStatus.MONITORING else incident.monitoring_at,
        resolved_at=now if over else None,
        next_update_at=None if over else now + _promised(incident, policy, now),
    )
    others = tuple(i for i in so_far.changed if i.number != after.number)
    return replace(so_far, shown=with_open(so_far.shown, after), changed=(*others, after))


def with_incident(shown: Shown, incident: PublicIncident, policy: Policy, now: datetime) -> Shown:
    """The page once ``incident`` is as it is; every component by what open incidents say of it from then on."""
    after = with_open(shown, incident)
    return replace(after, components=_standing(after, policy, now))


def _forward(before: IncidentStatus, now: IncidentStatus) -> IncidentStatus:
    """What has been found stays found; only a cure that does not hold leads back."""
    if before is IncidentStatus.MONITORING and now is not before:
        return IncidentStatus.IDENTIFIED
    return max(before, now, key=PROGRESS.index)


def _body(
    incident: PublicIncident,
    status: IncidentStatus,
    standing: AFFECTED,
    names: Mapping[str, str],
    policy: Policy,
    now: datetime,
) -> str:
    said = words(policy.page.language)
    down = [key for key, new in standing.items() if new is not ComponentStatus.OPERATIONAL] or list(standing)
    called = listed([names.get(key, key) for key in down], said)
    since = clock(incident.started_at, now)
    if status is IncidentStatus.RESOLVED:
        return said.resolved.format(names=called, since=since, took=took(now - incident.started_at, said))
    statuses = (f"{names.get(key, key)}: {said.component[new]}" for key, new in standing.items())
    if not incident.updates or incident.draft:
        text = said.opened
    elif dict(standing) != incident.components:
        text = said.changed
    else:
        text = "{names}:" if status is not incident.status else said.still
    told = text.format(names=called, since=since, statuses=listed(tuple(statuses), said))
    promise = said.next_update.format(next=clock(now + _promised(incident, policy, now), now))
    return f"{told} {said.doing[incident.work]} {promise}"


def _promised(incident: PublicIncident, policy: Policy, now: datetime) -> timedelta:
    """How soon the next update follows."""
    return max(policy.page.next_update, (now - incident.started_at) // LASTING * timedelta(minutes=1))


def _standing(shown: Shown, policy: Policy, now: datetime) -> tuple[Component, ...]:
    """Each component as the worst of what open incidents say of it; maintenance where none says anything."""
    said: dict[str, ComponentStatus] = {}
    for incident in (i for i in shown.open if not i.draft):
        for key, status in incident.components.items():
            said[key] = max(said.get(key, status), status, key=lambda s: s.severity)
    planned = _under_maintenance(policy, now)
    return tuple(_now(component, said, planned, now) for component in shown.components)


def _now(component: Component, said: AFFECTED, planned: Iterable[str], now: datetime) -> Component:
    status = said.get(component.key, ComponentStatus.OPERATIONAL)
    if status is ComponentStatus.OPERATIONAL and component.key in planned:
        status = ComponentStatus.UNDER_MAINTENANCE
    return component if component.status is status else replace(component, status=status, updated_at=now)


def _under_maintenance(policy: Policy, now: datetime) -> frozenset[str]:
    shown = (service for service in policy.services if service.page.title)
    return frozenset(service.name for service in shown if in_window(policy, service, now) is not None)
