"""What the handlers under test saw. It outlives their modules, which are loaded afresh for each environment."""

from __future__ import annotations

SEEN: list[str] = []
