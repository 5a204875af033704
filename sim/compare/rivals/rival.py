"""What an alternative to Defib is here: a small agent on the same machines, with the rules its documentation states."""

from __future__ import annotations

from typing import Protocol

from sim.compare.stage import Stage


class Rival(Protocol):
    """One alternative in its best documented configuration."""

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str:
        """How it is modelled and where from, in Markdown; what is a judgement says so."""
        ...

    def watch(self, stage: Stage) -> None:
        """Subscribe to what it can see of the stage; acts follow from there."""
        ...
