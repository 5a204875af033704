"""What a digest tells its reader: which of the notices that waited for them it names, by its own words."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable

from defib.core.outbox import Lane, Waiting
from defib.core.post import Post

LINE = re.compile(r"^  (?:\d\d \w+ )?([0-9:]{8}) UTC  (\S+)  .*?(?: \((\d+) before it\))?$", re.MULTILINE)
"""At what time an incident in a digest was last news, with the day if that is another; which incident; and how many of
its notices came before the one named."""


def named(post: Post, waiting: Iterable[Waiting]) -> tuple[Waiting, ...]:
    """Those of ``waiting`` that the digest speaks of: of each incident as many as it counts, the oldest.

    It is known by the first of them, and the newest of each is of the time that it says. None where no lane holds
    such: what somebody else has sent meanwhile counts there.
    """
    begins = json.loads(post.chat)["id"]
    lines = LINE.findall(post.email)
    counted = Counter({about: 1 + int(before or 0) for _, about, before in lines})
    said = {about: at for at, about, _ in lines}
    for lane in Lane:
        ours = [w for w in waiting if w.contact == post.contact and w.lane is lane and {*w.media} & {*post.media}]
        spoken_of = tuple(_oldest(sorted(ours, key=lambda w: (w.at, w.incident_id, w.sequence)), counted))
        newest = {w.incident_id: f"{w.at:%H:%M:%S}" for w in spoken_of}
        if not counted or len(spoken_of) != counted.total() or newest != said:
            continue
        if begins == f"{spoken_of[0].incident_id}#{spoken_of[0].sequence}":
            return spoken_of
    return ()


def _oldest(waiting: Iterable[Waiting], counted: Counter[str]) -> Iterable[Waiting]:
    left = counted.copy()
    for one in waiting:
        if left[one.incident_id]:
            left[one.incident_id] -= 1
            yield one
