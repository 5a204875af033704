"""EC2 as boto3 sees it, over machines whose states take time and whose status checks can fail."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from defib.core.model import CheckStatus, InstanceState
from sim.boundary import Answers, Params, Refusal, Response
from sim.clock import VirtualTime
from sim.described import STATE_CODES, Described
from sim.faults import FaultKind
from sim.filters import passes
from sim.machine import ActiveFault, CheckView, Machine
from sim.physics import PERSON, Physics
from sim.scenario_value import Trait
from sim.traits import Questions

GONE = (InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED)
PAGE_MOST = 1000

BLANK_SCREEN = (
    "/9j/4AAQSkZJRgABAQEAYABgAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgy"
    "PC4zNDL/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q=="
)
"""A black JPEG of one pixel: the console of a machine that shows nothing."""
CONSOLE = "[    0.000000] Linux version 6.1.0\n[    4.211377] systemd[1]: Reached target Multi-User System.\n"


class Ec2:
    """The EC2 API over the true machines."""

    def __init__(self, time: VirtualTime, physics: Physics, boundary: Answers) -> None:
        self._time = time
        self._physics = physics
        self._machines: dict[str, Machine] = {}
        self._described = Described(boundary, self._machines)
        self._questions = Questions(boundary, self._machines)
        boundary.answer("ec2:DescribeInstanceStatus", self._describe_instance_status)
        boundary.answer("ec2:StopInstances", self._stop)
        boundary.answer("ec2:StartInstances", self._start)
        boundary.answer("ec2:RebootInstances", self._reboot)
        boundary.answer("ec2:ModifyInstanceAttribute", self._modify)
        boundary.answer("ec2:GetConsoleOutput", self._console_output)
        boundary.answer("ec2:GetConsoleScreenshot", self._screenshot)

    def add(self, machine: Machine) -> None:
        """Let EC2 know a machine."""
        self._machines[machine.instance_id] = machine
        self.show(machine)

    def show(self, machine: Machine) -> None:
        """EC2 shows something else of the machine from now on."""
        self._described.forget(machine.instance_id)

    def machine(self, instance_id: str) -> Machine:
        """Raises Refusal for an id that EC2 does not know."""
        found = self._machines.get(instance_id)
        if found is None:
            raise Refusal("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")
        return found

    def _describe_instance_status(self, params: Params) -> Response:
        ids: Sequence[str] = params.get("InstanceIds", ())
        if ids and "MaxResults" in params:
            raise Refusal("InvalidParameterCombination", "The parameter instancesSet cannot be used with MaxResults")
        machines = [self.machine(i) for i in ids] if ids else list(self._machines.values())
        every = params.get("IncludeAllInstances", False)
        found = [
            _status_of(m, self._time.now)
            for m in machines
            if (every and m.shown.state is not InstanceState.TERMINATED) or m.shown.state is InstanceState.RUNNING
        ]
        filters: Sequence[Mapping[str, Any]] = params.get("Filters", ())
        found = [s for s in found if passes(filters, partial(_filter_values, s))]
        first = int(params.get("NextToken", 0))
        size = int(params.get("MaxResults", PAGE_MOST))
        page: Response = {"InstanceStatuses": found[first : first + size]}
        if first + size < len(found):
            page["NextToken"] = str(first + size)
        return page

    def _stop(self, params: Params) -> Response:
        machines = [self.machine(i) for i in params["InstanceIds"]]
        for machine in machines:
            if machine.state in (*GONE, InstanceState.PENDING):
                raise _incorrect_state(machine, "stopped")
            if Trait.STOP_PROTECTION in machine.traits:
                what = "may not be stopped. Modify its 'disableApiStop' instance attribute and try again."
                raise Refusal("OperationNotPermitted", f"The instance '{machine.instance_id}' {what}")
        before = {m.instance_id: m.state for m in machines}
        for machine in machines:
            if machine.state is not InstanceState.STOPPED:
                self._physics.stop(machine, PERSON, params.get("Force", False), params.get("SkipOsShutdown", False))
        return {"StoppingInstances": [_change(m, before[m.instance_id]) for m in machines]}

    def _start(self, params: Params) -> Response:
        machines = [self.machine(i) for i in params["InstanceIds"]]
        for machine in machines:
            if machine.state in (*GONE, InstanceState.STOPPING):
                raise _incorrect_state(machine, "started")
            full = machine.lacks_room()
            if full is not None and machine.state is InstanceState.STOPPED:
                self._physics.refuse_start(full)
                raise Refusal(
                    "InsufficientInstanceCapacity",
                    f"We currently do not have sufficient {machine.instance_type} capacity in the Availability Zone "
                    f"you requested ({machine.zone}).",
                    500,
                )
        before = {m.instance_id: m.state for m in machines}
        for machine in machines:
            if machine.state is InstanceState.STOPPED:
                self._physics.start(machine)
        return {"StartingInstances": [_change(m, before[m.instance_id]) for m in machines]}

    def _modify(self, params: Params) -> Response:
        machine = self.machine(params["InstanceId"])
        if machine.state is not InstanceState.STOPPED:
            raise _incorrect_state(machine, "modified")
        machine.instance_type = params["InstanceType"]["Value"]
        self._described.forget(machine.instance_id)
        return {}

    def _reboot(self, params: Params) -> Response:
        machines = [self.machine(i) for i in params["InstanceIds"]]
        for machine in machines:
            if machine.state is not InstanceState.RUNNING:
                raise _incorrect_state(machine, "rebooted")
        for machine in machines:
            self._physics.reboot(machine)
        return {}

    def _console_output(self, params: Params) -> Response:
        machine = self.machine(params["InstanceId"])
        return {
            "InstanceId": machine.instance_id,
            "Output": base64.b64encode(CONSOLE.encode()).decode(),
            "Timestamp": self._time.now,
        }

    def _screenshot(self, params: Params) -> Response:
        machine = self.machine(params["InstanceId"])
        if machine.state is not InstanceState.RUNNING:
            raise _incorrect_state(machine, "photographed")
        return {"InstanceId": machine.instance_id, "ImageData": BLANK_SCREEN}


def _incorrect_state(machine: Machine, done: str) -> Refusal:
    message = f"The instance '{machine.instance_id}' is not in a state from which it can be {done}."
    return Refusal("IncorrectInstanceState", message)


def _change(machine: Machine, before: InstanceState) -> Response:
    return {
        "InstanceId": machine.instance_id,
        "CurrentState": {"Code": STATE_CODES[machine.state], "Name": machine.state.value},
        "PreviousState": {"Code": STATE_CODES[before], "Name": before.value},
    }


REACHABLE = {CheckStatus.OK: "passed", CheckStatus.IMPAIRED: "failed", CheckStatus.INITIALIZING: "initializing"}
"""How the details of a check put its status."""
ANNOUNCED = (FaultKind.AWS_MAINTENANCE, FaultKind.EVENT_ANNOUNCED)


def _status_of(machine: Machine, now: datetime) -> Response:
    shown, application = machine.shown, machine.application
    status: Response = {
        "AvailabilityZone": machine.zone,
        "InstanceId": machine.instance_id,
        "InstanceState": {"Code": STATE_CODES[shown.state], "Name": shown.state.value},
        "InstanceStatus": _summary(shown.instance),
        "SystemStatus": _summary(shown.system),
        "AttachedEbsStatus": _summary(shown.attached_ebs),
        "Events": [_event(f) for f in machine.faults if f.fault.kind in ANNOUNCED],
    }
    if application is not None:
        status["ApplicationStatus"] = {"Status": application.summary(now).value}
        if application.summary(now) is CheckStatus.IMPAIRED:
            status["ApplicationStatus"]["ImpairedSince"] = application.since
    return status


def _event(active: ActiveFault) -> Response:
    """As EC2 announces it; one that is over stays to be seen for a week."""
    fault, over = active.fault, "" if active.lasting else "[Completed] "
    if fault.kind is FaultKind.EVENT_ANNOUNCED:
        return {
            "InstanceEventId": "instance-event-0123456789abcdef1",
            "Code": fault.event.value,
            "Description": f"{over}The instance is running on degraded hardware",
            "NotBefore": active.struck_at + fault.due_in,
        }
    event: Response = {
        "InstanceEventId": "instance-event-0123456789abcdef0",
        "Code": "system-maintenance",
        "Description": f"{over}The host is being maintained",
        "NotBefore": active.struck_at,
    }
    if fault.lasts is not None:
        event["NotAfter"] = active.struck_at + fault.lasts
    return event


def _summary(check: CheckView) -> Response:
    summary: Response = {"Status": check.status.value}
    if check.status in REACHABLE:
        detail: Response = {"Name": "reachability", "Status": REACHABLE[check.status]}
        if check.impaired_since is not None:
            detail["ImpairedSince"] = check.impaired_since
        summary["Details"] = [detail]
    return summary


def _filter_values(status: Response, name: str) -> Iterator[str]:
    match name:
        case "availability-zone":
            yield status["AvailabilityZone"]
        case "instance-state-name":
            yield status["InstanceState"]["Name"]
        case "instance-state-code":
            yield str(status["InstanceState"]["Code"])
        case "instance-status.status":
            yield status["InstanceStatus"]["Status"]
        case "system-status.status":
            yield status["SystemStatus"]["Status"]
        case "attached-ebs-status.status":
            yield status["AttachedEbsStatus"]["Status"]
        case "instance-status.reachability" | "system-status.reachability":
            part = status["InstanceStatus" if name.startswith("instance") else "SystemStatus"]
            yield from (detail["Status"] for detail in part.get("Details", ()))
        case "event.code":
            yield from (event["Code"] for event in status["Events"])
        case "application-status.status":
            yield status.get("ApplicationStatus", {}).get("Status", "not-applicable")
        case _:
            raise Refusal("InvalidParameterValue", f"The filter '{name}' is invalid")
