"""What MiniStack's instances lack: machines that fail, boot and have a console."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from defib.core.model import CheckStatus
from defib.shell.ports import Clock

BOOT = timedelta(seconds=3)
UP_FOR = timedelta(hours=1)
"""How long every machine has run when the test launches it: one that fails right after its launch is another matter."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The host that an instance runs on. A stop and start moves it to another; a reboot doesn't."""

    launched_at: datetime
    boots_until: datetime
    impaired_since: datetime | None = None
    serves: bool = True
    """Whether its application answers."""
    stop_reason: str = ""
    """EC2's StateReason.Code of the last stop."""

    def instance_check(self, now: datetime) -> CheckStatus:
        if self.impaired_since is not None:
            return CheckStatus.IMPAIRED
        return CheckStatus.INITIALIZING if now < self.boots_until else CheckStatus.OK


@dataclass(frozen=True, slots=True)
class Call:
    """One accepted call that changed ``instance_ids``."""

    action: str
    instance_ids: tuple[str, ...]


class Hardware:
    """Every machine, and every call that changed one, in order. Safe to use from several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._machines: dict[str, Machine] = {}
        self._calls: list[Call] = []

    def break_down(self, instance_id: str) -> None:
        """From now on it fails its instance check, until it is stopped and started."""
        with self._lock:
            self._machines[instance_id] = replace(self._machine(instance_id), impaired_since=self._clock.now())

    def hang(self, instance_id: str) -> None:
        """From now on its application does not answer, until it is rebooted or started."""
        with self._lock:
            self._machines[instance_id] = replace(self._machine(instance_id), serves=False)

    def machine(self, instance_id: str) -> Machine:
        with self._lock:
            return self._machine(instance_id)

    def calls_to(self, instance_id: str) -> list[str]:
        """The actions on one instance, in order."""
        with self._lock:
            return [call.action for call in self._calls if instance_id in call.instance_ids]

    def calls(self) -> list[Call]:
        with self._lock:
            return list(self._calls)

    def accepted(self, call: Call) -> None:
        """EC2 has carried ``call`` out."""
        with self._lock:
            self._calls.append(call)
            for instance_id in call.instance_ids:
                self._machines[instance_id] = self._after(call.action, self._machine(instance_id))

    def lost_its_host(self, instance_id: str) -> None:
        """EC2 has stopped it, and nobody asked for that."""
        with self._lock:
            self._machines[instance_id] = replace(self._machine(instance_id), stop_reason="Server.InternalError")

    def _after(self, action: str, machine: Machine) -> Machine:
        now = self._clock.now()
        if action == "StopInstances":
            return replace(machine, stop_reason="Client.UserInitiatedShutdown")
        if action == "StartInstances" and machine.stop_reason:
            return Machine(launched_at=now, boots_until=now + BOOT)
        if action == "RebootInstances":
            return replace(machine, serves=True)
        return machine

    def _machine(self, instance_id: str) -> Machine:
        launched_at = self._clock.now() - UP_FOR
        return self._machines.setdefault(instance_id, Machine(launched_at, launched_at))
