"""Another page follows this one: the next call that makes it more alike, from what is shown and what it was told.

Pure and level-triggered: whoever calls it again and again, each time remembering what came of the call, ends with both
alike, each update told once and in order. Where a component stands is told as it is now; what was said, as it was said.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from datetime import UTC, datetime

from defib.core.frozen import replace
from defib.core.page.elsewhere import OtherPage
from defib.core.page.followed import About, Followed, Item
from defib.core.page.languages.words import Words
from defib.core.page.model import (
    Component,
    ComponentStatus,
    Impact,
    IncidentStatus,
    MaintenanceStatus,
    PlannedOutage,
    PublicIncident,
    Update,
)
from defib.core.page.pause import was_off, word
from defib.core.page.steps import CALLED_OFF, DELETED, Done, Front, Stand, Step, Tell


def taken_up(followed: Followed, front: Front, other: OtherPage, now: datetime) -> Followed:
    """With all that has come to be told, and without that of which the end has been told.

    A page that begins to follow is told of what is open and of what is to come, not of the past. Nor is one that nobody
    had follow for long, but for what it has been told the beginning of.
    """
    begins = followed.version == 0 or followed.which not in ("", other.which)
    followed = _of_this_page(followed, other)
    followed = _by_ids_of_today(followed, front)
    is_open = {number for number, incident in front.incidents.items() if incident.resolved_at is None}
    were_off, known_items = was_off(followed.looked_at, now), followed.items
    if begins:
        fresh = sorted(is_open)
    else:
        fresh = list(range(followed.counted + 1, front.last_number + 1))
    if were_off:
        fresh = [number for number in fresh if number in is_open]
        known_items = tuple(item for item in known_items if not _is_past(item, followed, is_open))
    items = [*known_items, *(Item(About.INCIDENT, str(number)) for number in fresh)]
    known = {item.key for item in items if item.about is About.OUTAGE}
    coming = {key: o for key, o in front.outages.items() if o.status is not MaintenanceStatus.COMPLETED}
    news = (key for key, outage in coming.items() if key not in known and _concerned(outage.components, other))
    items += [Item(About.OUTAGE, key) for key in news]
    left = tuple(item for item in items if not _is_over(item, front, other, now))
    counted, looked_at = max(followed.counted, front.last_number), word(followed.looked_at, now)
    return replace(followed, items=left, counted=counted, looked_at=looked_at)


def _of_this_page(followed: Followed, other: OtherPage) -> Followed:
    """Where another page has its name by now, all that is still true is that staff have heard of a failure."""
    if followed.which in ("", other.which):
        return replace(followed, which=other.which)
    return Followed(followed.version, failing=followed.failing, which=other.which)


def _by_ids_of_today(followed: Followed, front: Front) -> Followed:
    """With planned outages under the ids that they have now: builds before this one gave them others."""
    earlier = {outage.earlier_id: outage.id for outage in front.outages.values()}
    keys = {item.name: item.key for item in followed.items}
    for item in followed.items:
        key = item.outage.id if item.outage is not None else earlier.get(item.key, item.key)
        # Of one that has two there, which builds before this one made of one that was renamed, one is to be taken back.
        if item.about is About.OUTAGE and key not in keys.values():
            keys[item.name] = key
    items = tuple(replace(item, key=keys[item.name]) for item in followed.items)
    if items == followed.items:
        return followed
    names = {old.name: new.name for old, new in zip(followed.items, items, strict=True)}
    doing = followed.doing and replace(followed.doing, what=names.get(followed.doing.what, followed.doing.what))
    held = tuple(replace(held, what=names.get(held.what, held.what)) for held in followed.held)
    return replace(followed, items=items, doing=doing, held=held)


def _is_past(item: Item, followed: Followed, is_open: Container[int]) -> bool:
    """Whether it is an incident that is over and of which nobody can have read there."""
    if item.about is not About.INCIDENT or item.is_begun or int(item.key) in is_open:
        return False
    return followed.doing is None or followed.doing.what != item.name


def next_step(followed: Followed, front: Front, other: OtherPage, said: Words, now: datetime) -> Step | None:
    """The next call; None while there is none to be made.

    The oldest word first. What was refused by itself waits, and holds up nothing else.
    """
    free = [item for item in followed.items if not followed.is_held(item.name, now)]
    tells = [tell for item in free if (tell := next_tell(item, followed, front, other, said, now)) is not None]
    if tells:
        return min(tells, key=lambda tell: (tell.item.about is About.OUTAGE, tell.at))
    put = ((stand, followed.components.get(stand.component)) for stand in _stands(front, other))
    wrong = (replace(stand, before=before) for stand, before in put if before is not stand.status)
    return next((stand for stand in wrong if not followed.is_held(stand.component, now)), None)


def next_tell(
    item: Item, followed: Followed, front: Front, other: OtherPage, said: Words, now: datetime
) -> Tell | None:
    """What is to be told next of ``item``; None when all has been."""
    if item.about is About.INCIDENT:
        tell = _of_incident(item, front, other)
    else:
        tell = _of_outage(item, front, other, said, now)
    if tell is None or not other.manner.by_component:
        return tell
    part = next((component for component in tell.concerned if component not in item.parts), tell.concerned[0])
    stands = {stand.component: stand.status for stand in _stands(front, other) if stand.component == part}
    components = {} if tell.status is MaintenanceStatus.SCHEDULED else stands
    return replace(tell, part=part, latest=followed.latest.get(part, ""), components=components)


def done(followed: Followed, step: Step, result: Done) -> Followed:
    """What is remembered once ``step`` has been carried out."""
    if isinstance(step, Stand):
        latest = {**followed.latest, step.component: result.latest} if result.latest else followed.latest
        return replace(followed, components={**followed.components, step.component: step.status}, latest=latest)
    parts = (*step.item.parts, step.part) if step.part else ()
    item = replace(step.item, remote=result.remote or step.item.remote, outage=step.outage, parts=parts)
    if not step.part or set(step.concerned) <= set(parts):
        item = replace(item, told=step.mark, parts=())
    latest = {**followed.latest, step.part: result.latest} if step.part and result.latest else followed.latest
    after = replace(followed, components={**followed.components, **step.components}, latest=latest)
    return after.with_item(item)


def let_go(followed: Followed, what: str) -> Followed:
    """With nothing more to tell of what somebody has deleted there, nor is it to be made again.

    An incident is taken up but once. A planned outage is whenever it is not known: it stays so until it is over.
    """
    items = (replace(i, told=DELETED, parts=()) if i.name == what else i for i in followed.items)
    return replace(followed, items=tuple(i for i in items if i.name != what or i.about is About.OUTAGE))


def _of_incident(item: Item, front: Front, other: OtherPage) -> Tell | None:
    incident = front.incidents.get(int(item.key))
    if incident is None or incident.draft:
        return None
    update = _untold(item, incident, other)
    if update is None:
        return None
    concerned = _concerned((a.key for a in update.affected), other)
    said = tuple(u for u in incident.updates if u.sequence <= update.sequence)
    return Tell(
        item,
        mark=str(update.sequence),
        name=incident.name,
        status=update.status,
        impact=incident.impact,
        body=update.body,
        at=update.at,
        began_at=incident.created_at,
        concerned=concerned,
        components=_standing(concerned, front, other),
        before=tuple(u for u in said if u is not update and _concerns(u, other)),
        incident=replace(incident, updates=said),
        here=front.components,
    )


def _untold(item: Item, incident: PublicIncident, other: OtherPage) -> Update | None:
    """The next update that concerns a component which is shown there, or ends what is open there."""
    told = int(item.told or 0)
    rest = (update for update in incident.updates if update.sequence > told)
    return next((update for update in rest if _concerns(update, other) or _ends_there(update, item, other)), None)


def _ends_there(update: Update, item: Item, other: OtherPage) -> bool:
    """Whether it ends an incident there of which a deployment has left no component in the other page's policy."""
    return update.status is IncidentStatus.RESOLVED and bool(item.remote) and not other.manner.by_component


def _concerns(update: Update, other: OtherPage) -> bool:
    return any(other.there(affected.key) for affected in update.affected)


def _of_outage(item: Item, front: Front, other: OtherPage, said: Words, now: datetime) -> Tell | None:
    outage = front.outages.get(item.key)
    if (outage is None and item.outage is None) or item.told == DELETED:
        return None
    mark, body = CALLED_OFF, said.planned_off
    if outage is None:
        assert item.outage is not None
        outage = replace(item.outage, status=MaintenanceStatus.COMPLETED)
        if now >= outage.end:
            mark, body = _mark(outage), said.planned_over
    else:
        mark = _mark(outage)
        turned = bool(item.told) and item.told.partition(" ")[0] != outage.status
        moved = item.told.partition(" ")[2] != mark.partition(" ")[2]
        if turned and not moved and other.manner.turns_alone:
            return None
        turn = {MaintenanceStatus.IN_PROGRESS: said.planned_begun, MaintenanceStatus.COMPLETED: said.planned_over}
        has_news = (turned and not moved) or outage.status is MaintenanceStatus.COMPLETED
        body = turn.get(outage.status, outage.body) if has_news else outage.body
    if mark == item.told:
        return None
    concerned = _concerned(outage.components, other)
    begun = outage.status is not MaintenanceStatus.SCHEDULED
    return Tell(
        item,
        mark=mark,
        name=outage.name,
        status=outage.status,
        impact=Impact.MAINTENANCE,
        body=body,
        at=now,
        began_at=outage.start,
        concerned=concerned,
        components=_standing(concerned, front, other) if begun and other.manner.together else {},
        outage=outage,
        here=front.components,
    )


def _mark(outage: PlannedOutage) -> str:
    return f"{outage.status} {outage.end.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def _is_over(item: Item, front: Front, other: OtherPage, now: datetime) -> bool:
    if item.about is About.INCIDENT:
        incident = front.incidents.get(int(item.key))
        if incident is None or incident.withdrawn:
            return True
        return incident.resolved_at is not None and _untold(item, incident, other) is None
    outage = front.outages.get(item.key)
    known = outage or item.outage
    # Where a deployment has left that page none of its components, there is no place there to say more of it.
    if known is not None and other.manner.by_component and not _concerned(known.components, other):
        return True
    told = item.told in (CALLED_OFF, DELETED) or item.told.startswith(MaintenanceStatus.COMPLETED)
    # Without an outage nobody there has read of it, nor may have.
    if outage is None:
        return told or item.outage is None or (other.manner.turns_alone and now >= item.outage.end)
    over = outage.status is MaintenanceStatus.COMPLETED
    return over and (told or item.outage is None or other.manner.turns_alone)


def _concerned(keys: Iterator[str] | tuple[str, ...], other: OtherPage) -> tuple[str, ...]:
    """The components there, each once."""
    return tuple(dict.fromkeys(there for key in keys for there in other.there(key)))


def _standing(concerned: tuple[str, ...], front: Front, other: OtherPage) -> Mapping[str, ComponentStatus]:
    if not other.manner.together:
        return {}
    stands = {stand.component: stand.status for stand in _stands(front, other)}
    return {component: stands[component] for component in concerned if component in stands}


def _stands(front: Front, other: OtherPage) -> tuple[Stand, ...]:
    """Each component there as the worst of those here that it stands for."""
    found: dict[str, list[Component]] = {}
    for component in front.components:
        for there in other.there(component.key):
            found.setdefault(there, []).append(component)
    return tuple(
        Stand(
            there,
            max((c.status for c in here), key=lambda status: status.severity),
            # Of more than one, each may have changed last.
            " ".join(f"{c.status}@{c.updated_at:%Y%m%dT%H%M%S}" if c.updated_at else c.status for c in here),
            here=front.components,
        )
        for there, here in found.items()
    )
