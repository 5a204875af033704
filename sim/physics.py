"""How simulated instances behave: state changes that take time, status checks once a minute, faults and their cures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Protocol

from defib.core.frozen import replace
from defib.core.model import CheckStatus, InstanceState
from sim.clock import VirtualTime
from sim.faults import Cure, EventCode, FaultKind
from sim.machine import ActiveFault, CheckView, Machine, View
from sim.scenario import Durations

CHECK_PERIOD = timedelta(minutes=1)
"""Status checks are performed every minute (EC2 User Guide, Status checks)."""
PASSED = CheckView(CheckStatus.OK)
INITIALIZING = CheckView(CheckStatus.INITIALIZING)
PERSON = ("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown")
HIBERNATED = ("Client.UserInitiatedHibernate", "Client.UserInitiatedHibernate: User initiated hibernate")
SCHEDULED = ("Server.ScheduledStop", "Server.ScheduledStop: The instance was stopped due to a scheduled retirement.")
"""EC2 API, StateReason."""


class Witness(Protocol):
    """Whoever must know of changes."""

    def state_changed(self, machine: Machine) -> None: ...

    def shown_changed(self, machine: Machine) -> None:
        """EC2's APIs say something else of the instance from now on."""
        ...

    def sampled(self, machine: Machine) -> None:
        """The status checks of a running instance have just been performed."""
        ...

    def fault_ended(self, active: ActiveFault) -> None: ...


class Physics:
    """Moves machines through time."""

    def __init__(self, time: VirtualTime, random: Random, durations: Durations, witness: Witness) -> None:
        self._time = time
        self._random = random
        self._durations = durations
        self._witness = witness
        self._lag_until: dict[str, datetime] = {}

    def settle(self, machine: Machine) -> None:
        """Begin with a machine that has long been running and passing its checks."""
        machine.view = machine.shown = machine.view.with_checks(PASSED, PASSED, PASSED)
        self._sample_from(machine, self._time.now + CHECK_PERIOD * self._random.random())

    def launch(self, machine: Machine) -> None:
        """Begin with a machine that is launched now."""
        self._enter(machine, InstanceState.PENDING, View(InstanceState.PENDING, self._time.now))
        self._later(machine, self._durations.pending.draw(self._random), lambda: self._running(machine))

    def stop(self, machine: Machine, reason: tuple[str, str], force: bool = False, skip: bool = False) -> None:
        """Ask a running or stopping machine to stop; with ``skip``, without a shutdown of its system."""
        code, message = reason
        by_person = f"User initiated ({self._time.now:%Y-%m-%d %H:%M:%S} GMT)" if reason in (PERSON, HIBERNATED) else ""
        view = View(InstanceState.STOPPING, machine.launched_at, code, message, by_person)
        if machine.state is not InstanceState.STOPPING:
            self._enter(machine, InstanceState.STOPPING, view)
        elif not force:
            return
        stuck = machine.suffers(FaultKind.STUCK_STOPPING)
        done = {cure for cure, asked in ((Cure.FORCE_STOP, force), (Cure.SKIP_OS_SHUTDOWN, skip)) if asked}
        if stuck is not None and not done & set(stuck.cured_by):
            return
        for cure in done:
            self._cure(machine, cure)
        machine.epoch += 1
        duration = self._durations.force_stop if force else self._durations.stop
        self._later(machine, duration.draw(self._random), lambda: self._stopped(machine))

    def start(self, machine: Machine) -> None:
        """Ask a stopped machine to start."""
        machine.launched_at = self._time.now
        machine.restarted_at = machine.restarted_at or self._time.now
        self._enter(machine, InstanceState.PENDING, View(InstanceState.PENDING, self._time.now))
        failing = machine.suffers(FaultKind.FAILING_KEY)
        if failing is not None:
            self._later(machine, self._durations.pending.draw(self._random), lambda: self._fall_back(machine, failing))
        elif machine.suffers(FaultKind.STUCK_PENDING) is None:
            self._later(machine, self._durations.pending.draw(self._random), lambda: self._running(machine))

    def reboot(self, machine: Machine) -> None:
        """Ask a running machine to reboot; EC2's states and checks go on as they are."""
        duration = self._durations.reboot.draw(self._random)
        machine.reboots_until = self._time.now + duration
        self._later(machine, duration, lambda: self._rebooted(machine))

    def terminate(self, machine: Machine) -> None:
        """Ask a machine to end for good."""
        view = View(InstanceState.SHUTTING_DOWN, machine.launched_at, *PERSON)
        self._enter(machine, InstanceState.SHUTTING_DOWN, view)
        duration = self._durations.stop.draw(self._random)
        ended = replace(view, state=InstanceState.TERMINATED)
        self._later(machine, duration, lambda: self._enter(machine, InstanceState.TERMINATED, ended))

    def strike(self, active: ActiveFault) -> None:
        """Let a fault begin."""
        machine, fault = active.machine, active.fault
        machine.faults.append(active)
        if fault.lasts is not None:
            self._time.after(fault.lasts, lambda: self.end(active) if active.lasting else None)
        running = machine.state is InstanceState.RUNNING
        match fault.kind:
            case FaultKind.STOPPED_UNASKED if running:
                self.stop(machine, (fault.reason, f"{fault.reason}: the instance was stopped by AWS"))
            case FaultKind.STOPPED_BY_PERSON if running:
                self.stop(machine, PERSON)
            case FaultKind.STARTED_BY_PERSON:
                if machine.state is InstanceState.STOPPED:
                    self.start(machine)
                self.end(active)
            case FaultKind.TERMINATED:
                self.terminate(machine)
            case FaultKind.EVENT_ANNOUNCED:
                self._time.after(fault.due_in, lambda: self._carry_out(active) if active.lasting else None)
            case FaultKind.DEAD_ON_ARRIVAL:
                self.launch(machine)
            case _:
                pass

    def _carry_out(self, active: ActiveFault) -> None:
        """Do what AWS has announced (EC2 User Guide, Types of scheduled events)."""
        machine = active.machine
        if machine.state is InstanceState.RUNNING:
            match active.fault.event:
                case EventCode.RETIREMENT | EventCode.STOP:
                    self.stop(machine, SCHEDULED)
                case EventCode.INSTANCE_REBOOT | EventCode.SYSTEM_REBOOT | EventCode.MAINTENANCE:
                    self.reboot(machine)
        self.end(active)

    def refuse_start(self, active: ActiveFault) -> None:
        """Note that a start came to nothing."""
        if active.fault.lasts is None:
            self._count(active)

    def _running(self, machine: Machine) -> None:
        now = self._time.now
        if machine.stopped_before:
            self._cure(machine, Cure.RESTART)
        machine.last_boot = now
        machine.answers_from = now + self._durations.boot.draw(self._random)
        view = View(InstanceState.RUNNING, machine.launched_at).with_checks(INITIALIZING, INITIALIZING, INITIALIZING)
        self._enter(machine, InstanceState.RUNNING, view)
        # EC2's first result never comes before the system could have answered it.
        checks = max(now + self._durations.checks.draw(self._random), machine.answers_from)
        machine.ebs_from = checks + self._durations.attached_ebs
        self._sample_from(machine, checks)
        self._time.at(machine.answers_from, lambda: self._note_healthy(machine))

    def _stopped(self, machine: Machine) -> None:
        machine.stopped_before = True
        self._enter(machine, InstanceState.STOPPED, replace(machine.view, state=InstanceState.STOPPED))

    def _fall_back(self, machine: Machine, failing: ActiveFault) -> None:
        """What EC2 does with a start when a volume can't be attached (EC2 User Guide, Instance launch issues)."""
        code, message = "Client.InternalError", "Client.InternalError: Client error on launch"
        self._enter(machine, InstanceState.STOPPED, View(InstanceState.STOPPED, machine.launched_at, code, message))
        self.refuse_start(failing)

    def _rebooted(self, machine: Machine) -> None:
        self._cure(machine, Cure.REBOOT)
        machine.last_boot = self._time.now
        self._note_healthy(machine)

    def _enter(self, machine: Machine, state: InstanceState, view: View) -> None:
        machine.epoch += 1
        machine.reboots_until = None
        machine.state = state
        machine.view = view
        self._witness.state_changed(machine)
        self._show(machine)

    def _later(self, machine: Machine, delay: timedelta, then: Callable[[], None]) -> None:
        epoch = machine.epoch
        self._time.after(delay, lambda: then() if machine.epoch == epoch else None)

    def _sample_from(self, machine: Machine, first: datetime) -> None:
        epoch = machine.epoch

        def sample() -> None:
            if machine.epoch != epoch:
                return
            self._time.after(CHECK_PERIOD, sample)
            self._sample(machine)

        self._time.at(first, sample)

    def _sample(self, machine: Machine) -> None:
        now = self._time.now
        lasting = machine.lasting
        answers = now >= machine.answers_from and not machine.rebooting(now)
        if answers and not lasting and machine.view.all_passed:
            self._witness.sampled(machine)
            return
        before = machine.view
        effects = [active.effect for active in lasting]
        system = not any(effect.breaks_system for effect in effects)
        instance = answers and not any(effect.breaks_instance for effect in effects)
        ebs = not any(effect.breaks_ebs for effect in effects)
        says_nothing = machine.ebs_from is not None and now < machine.ebs_from
        checks = (
            _seen(before.system, system, machine, now),
            _seen(before.instance, instance, machine, now),
            before.attached_ebs if says_nothing else _seen(before.attached_ebs, ebs, machine, now),
        )
        if checks != (before.system, before.instance, before.attached_ebs):
            machine.view = before.with_checks(*checks)
        for active in lasting:
            if active.fault.kind is FaultKind.FAILED_SAMPLE:
                self._count(active)
        self._witness.sampled(machine)
        if machine.view != before:
            self._show(machine)

    def _show(self, machine: Machine) -> None:
        """Let EC2's APIs say it, after their lag and never out of order."""
        view = machine.view
        when = self._time.now + self._durations.read_lag.draw(self._random)
        when = max(when, self._lag_until.get(machine.instance_id, when))
        self._lag_until[machine.instance_id] = when

        def show() -> None:
            machine.shown = view
            self._witness.shown_changed(machine)

        if when == self._time.now:
            show()
        else:
            self._time.at(when, show)

    def _cure(self, machine: Machine, cure: Cure) -> None:
        for active in machine.faults:
            if active.lasting and not active.dormant and cure in active.cured_by:
                self._count(active)

    def _count(self, active: ActiveFault) -> None:
        """One more cure, failed sample or refused start; the last one ends the fault."""
        active.counted += 1
        if active.counted >= active.fault.after:
            self.end(active)

    def end(self, active: ActiveFault) -> None:
        """Let a fault end now."""
        active.ended_at = self._time.now
        self._witness.fault_ended(active)
        self._note_healthy(active.machine)

    def _note_healthy(self, machine: Machine) -> None:
        if not machine.works(self._time.now):
            return
        for active in machine.faults:
            if not active.lasting and active.healthy_at is None:
                active.healthy_at = self._time.now


def _seen(before: CheckView, passes: bool, machine: Machine, now: datetime) -> CheckView:
    if passes:
        return PASSED
    # What never passed since its launch has been impaired since then (EC2 API, InstanceStatusDetails).
    since = machine.launched_at if before.status is CheckStatus.INITIALIZING else now
    return before if before.status is CheckStatus.IMPAIRED else CheckView(CheckStatus.IMPAIRED, since)
