"""Another page, which follows Defib's own: it keeps what it is told, and its calls fail as the story says."""

from __future__ import annotations

from collections.abc import Callable

from defib.core.page.model import ComponentStatus
from defib.core.page.steps import Done, Stand, Tell
from sim.fuzz.outside import Outside

Told = tuple[str, str, str]
"""What it is about, the mark of what is said of it, and the component where each is told by itself."""


class OtherSide:
    """``shell.elsewhere.Channel``."""

    def __init__(self, outside: Outside, heard: Callable[[Tell], None]) -> None:
        self._out = outside
        self._heard = heard
        self.told: list[Told] = []
        self.stands: dict[str, ComponentStatus] = {}

    def tell(self, tell: Tell) -> Done:
        return self._out.call("elsewhere.tell", lambda: self._take(tell))

    def was_told(self, tell: Tell) -> Done | None:
        known = (tell.what, tell.mark, tell.part)
        return self._out.call("elsewhere.tell", lambda: self._done(tell) if known in self.told else None)

    def stand(self, stand: Stand) -> Done:
        def put() -> Done:
            self.stands[stand.component] = stand.status
            return Done(latest=f"event-{len(self.told)}")

        return self._out.call("elsewhere.tell", put)

    def _take(self, tell: Tell) -> Done:
        self._heard(tell)
        self.told.append((tell.what, tell.mark, tell.part))
        self.stands.update(tell.components)
        return self._done(tell)

    def _done(self, tell: Tell) -> Done:
        return Done(remote=tell.item.remote or f"there-{tell.what}", latest=f"event-{len(self.told)}")
