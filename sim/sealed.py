"""Imported before moto, which asks for the operator's profile as soon as it is imported: takes it from this process."""

from __future__ import annotations

from sim.session import seal

seal()
