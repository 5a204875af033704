"""EC2's application status checks: a request a minute to each instance that has one, and their suppression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random

from defib.core.model import CheckStatus, InstanceState
from sim.boundary import Answers, Params, Response
from sim.clock import VirtualTime
from sim.machine import ApplicationCheck, Machine
from sim.scenario import Fleet

EVERY = timedelta(minutes=1)
PASSES_AFTER = 2
"""Good answers in a row that end an impairment: the default (EC2 User Guide, Application status checks)."""
FOR_EVER = timedelta(days=3650)

SINGLE = {CheckStatus.OK: "passed", CheckStatus.IMPAIRED: "failed"}
"""What one check of an instance is said to be, where that is not the instance's own word."""


def application_check_of(fleet: Fleet) -> ApplicationCheck | None:
    """What an instance of the fleet begins with; None where none is associated with it."""
    return ApplicationCheck(fleet.application_check, fleet.application_grace) if fleet.application_check else None


class ApplicationChecks:
    """Asks the applications, and answers for what it finds."""

    def __init__(self, time: VirtualTime, random: Random, machines: Mapping[str, Machine], boundary: Answers) -> None:
        """``machines`` are all instances, by name."""
        self._time = time
        self._random = random
        self._machines = machines
        self.changed: Callable[[Machine], None] = lambda _: None
        """Called when the check of a machine says something else."""
        boundary.answer("ec2:DescribeApplicationStatus", self._describe)
        boundary.answer("ec2:EnableApplicationStatusCheckSuppression", self._suppress)
        boundary.answer("ec2:DisableApplicationStatusCheckSuppression", self._resume)

    def watch(self, machine: Machine) -> None:
        """Begin to ask the machine's application, if a check is associated with it."""
        check = machine.application
        if check is None:
            return
        check.since = self._time.now
        first = self._time.now + EVERY * self._random.random()
        self._time.every(EVERY, first, lambda: self._ask(machine, check))

    def _ask(self, machine: Machine, check: ApplicationCheck) -> None:
        now = self._time.now
        if machine.state is not InstanceState.RUNNING:
            return self._say(machine, check, CheckStatus.INSUFFICIENT_DATA)
        if now < machine.launched_at + check.grace:
            return self._say(machine, check, CheckStatus.INITIALIZING)
        found = CheckStatus.OK if machine.works(now) else CheckStatus.IMPAIRED
        if found is check.status:
            check.otherwise = 0
            return None
        check.otherwise += 1
        if check.otherwise >= (PASSES_AFTER if found is CheckStatus.OK else check.fails_after):
            self._say(machine, check, found)
        return None

    def _say(self, machine: Machine, check: ApplicationCheck, status: CheckStatus) -> None:
        check.otherwise = 0
        if status is not check.status:
            check.status, check.since = status, self._time.now
            self.changed(machine)

    def _describe(self, params: Params) -> Response:
        found = [(i, self._checked(i)) for i in params["InstanceIds"]]
        return {"ApplicationStatuses": {"Instances": [self._status(i, check) for i, check in found if check]}}

    def _status(self, instance_id: str, check: ApplicationCheck) -> Response:
        detail = {
            "ApplicationStatusCheckId": "asc-0123456789abcdef0",
            "Aggregation": "included",
            "Status": SINGLE.get(check.status, check.status.value),
            "StatusSince": check.since,
        }
        status: Response = {"Status": check.shown(self._time.now).value, "Details": [detail]}
        return {"InstanceId": instance_id, "ApplicationStatus": status}

    def _suppress(self, params: Params) -> Response:
        now = self._time.now
        lasts = timedelta(seconds=params["DurationSeconds"]) if "DurationSeconds" in params else FOR_EVER
        for instance_id in params["InstanceIds"]:
            check = self._checked(instance_id)
            if check is not None:
                check.suppressed_at, check.suppressed_until = now, now + lasts
        return self._ended(params, "has no application status check")

    def _resume(self, params: Params) -> Response:
        response = self._ended(params, "is not suppressed")
        for instance_id in params["InstanceIds"]:
            check = self._checked(instance_id)
            if check is not None:
                check.suppressed_until = None
        return response

    def _ended(self, params: Params, otherwise: str) -> Response:
        """How the call went for each instance; one without a check, or a suppression, is a failure of its own."""
        good, bad = [], []
        for instance_id in params["InstanceIds"]:
            check = self._checked(instance_id)
            if check is not None and check.suppressed_until is not None:
                times = {"SuppressAt": check.suppressed_at, "ResumeAt": check.suppressed_until}
                good.append({"InstanceId": instance_id, **times})
            else:
                bad.append({"InstanceId": instance_id, "Reason": f"The instance '{instance_id}' {otherwise}"})
        return {"SuccessfulResults": good, "UnsuccessfulResults": bad}

    def _checked(self, instance_id: str) -> ApplicationCheck | None:
        machine = next((m for m in self._machines.values() if m.instance_id == instance_id), None)
        return machine.application if machine is not None else None
