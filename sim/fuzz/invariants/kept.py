"""What people keep by the Stashboard API is there as it answered last: statuses, lists, and how services are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from defib.core.page.model import ComponentStatus
from sim.fuzz.edits import ICONS
from sim.fuzz.invariants.truth import Truth

MEANT_BY = {
    "up": ComponentStatus.OPERATIONAL,
    "warning": ComponentStatus.DEGRADED,
    "down": ComponentStatus.MAJOR_OUTAGE,
}
MEANT_BY_ICON = {
    "tick-circle": ComponentStatus.OPERATIONAL,
    "information": ComponentStatus.OPERATIONAL,
    "exclamation": ComponentStatus.DEGRADED,
    "cross-circle": ComponentStatus.MAJOR_OUTAGE,
}
"""docs/stashboard.md, of both."""


class KeptJudge:
    """Knows what the API has answered. Of what is None nobody can know: whoever changed it got no answer."""

    def __init__(self, truth: Truth, ours: frozenset[str]) -> None:
        """``ours`` are the services that the policy shows."""
        self._truth = truth
        self._ours = ours
        self._icons: dict[str, str | None] = dict(ICONS)
        """By status, its icon; empty where there is no such status."""
        self._lists: dict[str, bool | None] = {}
        """By list, whether it is there."""
        self._listed: dict[str, str | None] = {}
        """By service, the list that it stands in; empty for none."""
        self._names: dict[str, tuple[str | None, datetime]] = {}
        """By service that was added, how it is called, since when."""

    def means(self, status: str) -> ComponentStatus | None:
        """What the page shows of a service of which that is said."""
        icon = self._icons.get(status)
        return MEANT_BY.get(status) or (MEANT_BY_ICON[icon] if icon else None)

    def name_of(self, service: str) -> tuple[str | None, datetime] | None:
        return self._names.get(service)

    def answered(self, method: str, path: tuple[str, ...], form: Mapping[str, str], done: bool) -> None:
        """A request was taken, or, where it is not ``done``, perhaps."""
        match (method, *path):
            case ("POST", "services"):
                self._is_called(form["name"], form["name"], done)
                self._listed[form["name"]] = "" if done else None
            case ("DELETE", "services", service):
                self._names.pop(service, None)
                self._listed[service] = None
            case ("POST", "services", service) if "list" in form:
                self._listed[service] = form["list"] if done else None
                if done and form["list"] and self._lists.get(form["list"], False) is False:
                    self._truth.breaks("page", f"{service} is put into {form['list']}, which is not there")
            case ("POST", "services", service):
                if done and service in self._ours:
                    self._truth.breaks("page", f"{service} is renamed, which is the policy's")
                self._is_called(service, form["name"], done)
            case ("POST", "statuses"):
                self._icons[form["name"]] = form["image"] if done else None
            case ("POST", "statuses", status):
                self._icons[status] = form["image"] if done else None
            case ("DELETE", "statuses", status):
                self._icons[status] = "" if done else None
            case ("POST", "service-lists"):
                self._lists[form["name"]] = True if done else None
            case ("DELETE", "service-lists", name):
                self._lists[name] = False if done else None
                left = "" if done else None
                self._listed = {on: left if at == name else at for on, at in self._listed.items()}

    def _is_called(self, service: str, name: str, done: bool) -> None:
        self._names[service] = (name if done else None, self._truth.time.now)

    def at_end(self, read: Callable[[str], Any]) -> None:
        """The API tells of each, and of none that was deleted."""
        shown = {status["id"]: PurePosixPath(status["image"]).stem for status in read("statuses")["statuses"]}
        for status, icon in self._icons.items():
            self._is("status", status, icon, shown.get(status, ""))
        lists = {kept["id"] for kept in read("service-lists")["lists"]}
        for name, there in self._lists.items():
            self._is("list", name, there, name in lists)
        services = read("services")["services"]
        listed = {service["id"]: (service["list"] or {"id": ""})["id"] for service in services}
        for service, kept in self._listed.items():
            self._is("service", service, kept, listed.get(service, kept))

    def _is(self, what: str, name: str, kept: object, shown: object) -> None:
        if kept is not None and kept != shown:
            self._truth.breaks("page", f"the API tells {shown!r} of {what} {name}, which is {kept!r}")
