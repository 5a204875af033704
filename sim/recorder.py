"""Collects what happens in a replay: histories of instances, decisions from the log, messages as people got them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from defib.core.model import CheckStatus
from sim.clock import VirtualTime
from sim.elb import Group
from sim.environment import OUTPUT
from sim.function import Function
from sim.ledger import Ledger
from sim.listener import EventKind, Listener
from sim.machine import ActiveFault, Machine
from sim.metrics import Measurements, Metric
from sim.recording import DecisionRecord, Message
from sim.template import REGION
from sim.tracks import InstanceHistory

ADDRESS_WARNINGS = frozenset({"address out of reach", "address at risk"})


class Recorder:
    """The memory of one replay; also the physics' witness."""

    def __init__(self, time: VirtualTime, measurements: Measurements, listener: Listener) -> None:
        self._time = time
        self._measurements = measurements
        self._listener = listener
        self.ledger = Ledger()
        self.histories: dict[str, InstanceHistory] = {}
        """By instance id, in the fleet's order."""
        self.faults: list[ActiveFault] = []
        self.decisions: list[DecisionRecord] = []
        self.messages: list[Message] = []
        self.warnings: list[str] = []
        """What the sweep has warned of addresses, each once."""
        self._doing: dict[str, str] = {}
        self.on_state: Callable[[Machine], None] = lambda _: None
        self.on_shown: Callable[[Machine], None] = lambda _: None

    def add(self, machine: Machine) -> None:
        history = InstanceHistory(machine)
        self.histories[machine.instance_id] = history
        history.note_state(self._time.now)
        history.note_checks(self._time.now)
        self._refresh(machine)

    def state_changed(self, machine: Machine) -> None:
        history = self.histories[machine.instance_id]
        if history.note_state(self._time.now):
            self.tell(EventKind.STATE, machine.name, machine.state.value)
        self._note_checks(machine)
        self._refresh(machine)
        self.on_state(machine)

    def shown_changed(self, machine: Machine) -> None:
        self.on_shown(machine)

    def sampled(self, machine: Machine) -> None:
        self._note_checks(machine)
        failed = machine.view.worst is CheckStatus.IMPAIRED
        metric = Metric.of("AWS/EC2", "StatusCheckFailed", InstanceId=machine.instance_id)
        self._measurements.of(REGION).put(metric, float(failed), self._time.now)

    def struck(self, active: ActiveFault) -> None:
        self.faults.append(active)
        self.tell(EventKind.FAULT, active.machine.name, active.fault.kind.value)

    def fault_ended(self, active: ActiveFault) -> None:
        self.tell(EventKind.FAULT, active.machine.name, f"{active.fault.kind.value} is over")

    def target_changed(self, machine: Machine, group: Group | None) -> None:
        if self.histories[machine.instance_id].note_target(self._time.now, group) and group is not None:
            health = group.health_of(machine.instance_id)
            self.tell(EventKind.TARGET, machine.name, health.value if health else "")

    def received(self, message: Message) -> None:
        self.messages.append(message)
        self.tell(EventKind.MESSAGE, "", f"{message.medium} to {message.to}: {message.subject or message.body}")

    def logged(self, function: Function, line: str) -> None:
        """One line that a function wrote: a metric in embedded format, a decision, an action, or anything else."""
        self.ledger.logged[function.word] += len(line.encode()) + 1
        try:
            entry = json.loads(line)
        except ValueError:
            self.ledger.errors.append(f"{function.word}: wrote a line that is not JSON: {line[:200]}")
            return
        if "_aws" in entry:
            self._measurements.of(function.region).put_embedded(entry, self._time.now)
            self.ledger.metrics.update(f"{function.word}:{name}" for name in _metrics_in(entry))
        elif entry.get("message") == "decided":
            self._decided(entry)
        elif entry.get("message") in ADDRESS_WARNINGS:
            self._warned(f"{entry['address']} {entry['problem']}")
        elif entry.get("message") == "performed":
            text = " ".join(str(entry[key]) for key in ("action", "verdict", "code", "detail") if entry.get(key))
            self.tell(EventKind.ACTION, self._name(entry["instance_id"]), text)

    def tell(self, kind: EventKind, instance: str, text: str) -> None:
        # Things happen while a function runs; what a listener prints is not the function's output.
        with OUTPUT.aside():
            self._listener.on_event(self._time.now, kind, instance, text)

    def _decided(self, entry: dict[str, str]) -> None:
        record = DecisionRecord(
            at=self._time.now,
            instance_id=entry["instance_id"],
            case_id=entry["case_id"],
            cause=entry["cause"],
            decision=entry["decision"],
            reason=entry["reason"],
        )
        self.decisions.append(record)
        self._doing[record.instance_id] = "" if record.decision.startswith("close") else record.reason
        self.tell(EventKind.DECISION, self._name(record.instance_id), f"{record.decision}: {record.reason}")
        if record.instance_id in self.histories:
            self._refresh(self.histories[record.instance_id].machine)

    def _warned(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)
            self.tell(EventKind.ALARM, "", f"the sweep warns: {warning.replace('_', ' ')}")

    def _note_checks(self, machine: Machine) -> None:
        if self.histories[machine.instance_id].note_checks(self._time.now):
            worst = machine.view.worst
            if worst is not None:
                self.tell(EventKind.CHECK, machine.name, worst.value)
            self._refresh(machine)

    def _refresh(self, machine: Machine) -> None:
        with OUTPUT.aside():
            self._listener.on_instance(machine, self._doing.get(machine.instance_id, ""))

    def _name(self, instance_id: str) -> str:
        history = self.histories.get(instance_id)
        return history.machine.name if history else instance_id


def _metrics_in(entry: Mapping[str, Any]) -> Iterator[str]:
    """The names in one line of the embedded metric format (CloudWatch User Guide, embedded metric format)."""
    return (metric["Name"] for directive in entry["_aws"]["CloudWatchMetrics"] for metric in directive["Metrics"])
