"""What a digest tells its reader: which of the notices that waited for them it names, by its own words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from defib.core.outbox import Lane, Waiting
from defib.core.post import Post

LINE = re.compile(r"^  [0-9:]{8} UTC  (\S+)  .*?(?: \((\d+) before it\))?$", re.MULTILINE)
"""An incident in a digest, and how many of its notices came before the one that is named."""


def named(post: Post, waiting: Iterable[Waiting]) -> tuple[Waiting, ...]:
    """Those of ``waiting`` that the digest speaks of: of each incident as many as it counts, the oldest.

    None where no lane holds as many: what somebody else has sent meanwhile counts there.
    """
    counted = Counter({about: 1 + int(before or 0) for about, before in LINE.findall(post.email)})
    for lane in Lane:
        ours = [w for w in waiting if w.contact == post.contact and w.lane is lane and {*w.media} & {*post.media}]
        if counted and counted <= Counter(w.incident_id for w in ours):
            return tuple(_oldest(sorted(ours, key=lambda w: (w.at, w.sequence)), counted))
    return ()


def _oldest(waiting: Iterable[Waiting], counted: Counter[str]) -> Iterable[Waiting]:
    left = counted.copy()
    for one in waiting:
        if left[one.incident_id]:
            left[one.incident_id] -= 1
            yield one
