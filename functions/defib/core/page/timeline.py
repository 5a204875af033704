"""What is kept of an incident's updates: the first and the newest of them, within what fits in the table.

DynamoDB takes no item of more than 400 kB, and 4 MB in one transaction (DynamoDB Developer Guide, Quotas). What was
left out is said to be, and how components stood meanwhile is kept without the words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from defib.core.frozen import replace
from defib.core.page.languages.words import Words
from defib.core.page.model import Affected, PublicIncident, Shown, Stood, Update

FIRST = 1
"""Updates that are kept from the beginning."""
UPDATES_MOST = 100
"""All that are kept of one incident."""
SIZE_MOST = 100_000
"""Bytes of them together; but the first and the last are kept, however long they are."""
STOOD_MOST = 200
"""Changes of components that are kept of updates that are not."""
UPDATE_SIZE, AFFECTED_SIZE = 120, 80
"""Bytes of an update, and of a component in it, besides their words."""


def joined(kept: PublicIncident | None, after: PublicIncident, said: Words) -> PublicIncident:
    """``after``, which has only the updates that are new, with those of ``kept`` that came before."""
    if kept is None or not after.updates:
        return after if kept is None else replace(after, updates=kept.updates, stood=kept.stood)
    earlier = (update for update in kept.updates if update.sequence < after.updates[0].sequence)
    return _bounded(replace(after, updates=(*earlier, *after.updates), stood=kept.stood), said)


def brief(incident: PublicIncident) -> PublicIncident:
    """What deriving needs of it: how it stands by its last word, without the words.

    A draft is small, and a person may publish it as it is.
    """
    if incident.draft or not incident.updates:
        return incident
    last = incident.updates[-1]
    affected = tuple(replace(a, name="") for a in last.affected)
    return replace(incident, name="", updates=(replace(last, body="", affected=affected),), stood=())


def with_open(shown: Shown, incident: PublicIncident) -> Shown:
    """The page once ``incident`` is as it is; without it when it is over."""
    others = [i for i in shown.open if i.number != incident.number]
    open_now = [*others, incident] if incident.resolved_at is None else others
    return replace(shown, open=tuple(brief(i) for i in sorted(open_now, key=lambda i: i.number)))


def _bounded(incident: PublicIncident, said: Words) -> PublicIncident:
    first, rest = incident.updates[:FIRST], incident.updates[FIRST:]
    newest = _newest(rest, SIZE_MOST - sum(map(_size, first)))
    left = rest[: len(rest) - len(newest)]
    if not left:
        return incident
    stood = (*incident.stood, *(change for update in left for change in _changes(update)))[-STOOD_MOST:]
    last = left[-1]
    gap = replace(
        last,
        body=said.left_out.format(count=last.sequence - FIRST),
        affected=tuple(replace(a, old=a.new) for a in last.affected),
    )
    return replace(incident, updates=(*first, gap, *newest), stood=stood)


def _newest(updates: Sequence[Update], room: int) -> Sequence[Update]:
    """The last of them that fit, one at least; with room for what says that others do not."""
    if len(updates) <= UPDATES_MOST - FIRST and sum(map(_size, updates)) <= room:
        return updates
    count, size, most = 0, _size(updates[-1]), min(len(updates), UPDATES_MOST - FIRST - 1)
    while count < most and (count == 0 or size + _size(updates[-count - 1]) <= room):
        count += 1
        size += _size(updates[-count])
    return updates[-count:]


def _changes(update: Update) -> Iterator[Stood]:
    return (Stood(a.key, update.at, a.new) for a in update.affected if a.old is not a.new)


def _size(update: Update) -> int:
    return UPDATE_SIZE + len(update.body.encode()) + sum(map(_size_of_affected, update.affected))


def _size_of_affected(affected: Affected) -> int:
    return AFFECTED_SIZE + len(affected.key) + len(affected.name.encode())
