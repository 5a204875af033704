"""The truth of one simulated instance, and what AWS shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from defib.core import frozen
from defib.core.model import CheckStatus, InstanceState
from sim.faults import EFFECTS, Cure, Effect, FaultKind
from sim.scenario import Fault
from sim.scenario_value import Trait

WORST_FIRST = (CheckStatus.IMPAIRED, CheckStatus.INITIALIZING, CheckStatus.OK)


@frozen.dataclass(frozen=True, slots=True)
class CheckView:
    """One status check as AWS shows it."""

    status: CheckStatus
    impaired_since: datetime | None = None


@frozen.dataclass(frozen=True, slots=True)
class View:
    """What EC2's APIs say of an instance."""

    state: InstanceState
    launched_at: datetime
    reason_code: str = ""
    reason: str = ""
    transition_reason: str = ""
    system: CheckView = CheckView(CheckStatus.NOT_APPLICABLE)
    instance: CheckView = CheckView(CheckStatus.NOT_APPLICABLE)
    attached_ebs: CheckView = CheckView(CheckStatus.NOT_APPLICABLE)

    def with_checks(self, system: CheckView, instance: CheckView, attached_ebs: CheckView) -> View:
        return frozen.replace(self, system=system, instance=instance, attached_ebs=attached_ebs)

    @property
    def all_passed(self) -> bool:
        """Whether it runs, and each of its checks has passed."""
        passed = self.system.status is self.instance.status is self.attached_ebs.status is CheckStatus.OK
        return passed and self.state is InstanceState.RUNNING

    @property
    def worst(self) -> CheckStatus | None:
        """The worst check while running; None otherwise."""
        if self.state is not InstanceState.RUNNING:
            return None
        shown = (self.system.status, self.instance.status, self.attached_ebs.status)
        for status in WORST_FIRST:
            if status in shown:
                return status
        return None


@dataclass
class ActiveFault:
    """A fault on one instance, from its strike until something ends it."""

    fault: Fault
    machine: Machine
    struck_at: datetime
    ended_at: datetime | None = None
    healthy_at: datetime | None = None
    """When the instance first worked again with this fault gone."""
    counted: int = 0

    @property
    def effect(self) -> Effect:
        return EFFECTS[self.fault.kind]

    @property
    def cured_by(self) -> tuple[Cure, ...]:
        return self.effect.cured_by if self.fault.cured_by is None else self.fault.cured_by

    @property
    def lasting(self) -> bool:
        return self.ended_at is None

    @property
    def dormant(self) -> bool:
        """Whether it waits for the next boot."""
        return self.fault.kind is FaultKind.NEVER_BOOTS and not self.machine.booted_since(self.struck_at)


@dataclass
class ApplicationCheck:
    """EC2's application status check of one instance. ``sim/application.py`` makes its requests."""

    fails_after: int
    """Failed requests in a row that make it impaired."""
    grace: timedelta = timedelta(minutes=1)
    """From a start until the first request."""
    status: CheckStatus = CheckStatus.OK
    since: datetime | None = None
    """When the present status began."""
    otherwise: int = 0
    """Results in a row that speak against the present status."""
    suppressed_at: datetime | None = None
    suppressed_until: datetime | None = None

    def shown(self, now: datetime) -> CheckStatus:
        """The status that counts: what a group replaces its members for."""
        quiet = self.suppressed_until is not None and now < self.suppressed_until
        return CheckStatus.SUPPRESSED if quiet else self.status

    def summary(self, now: datetime) -> CheckStatus:
        """The same as DescribeInstanceStatus puts it, which has no word for a suppression (EC2 API, SummaryStatus)."""
        shown = self.shown(now)
        return CheckStatus.NOT_APPLICABLE if shown is CheckStatus.SUPPRESSED else shown


@dataclass
class Machine:
    """One instance. ``sim/physics.py`` moves it."""

    instance_id: str
    name: str
    service: str
    zone: str
    instance_type: str
    tags: Mapping[str, str]
    state: InstanceState
    launched_at: datetime
    view: View
    """What is true, as EC2 will show it."""
    shown: View
    """What EC2 shows, which lags behind."""
    answers_from: datetime
    """When the system and the application answer after the last boot."""
    ebs_from: datetime | None = None
    """When its attached EBS status check says something after the last boot; None for as soon as the others."""
    epoch: int = 0
    """Grows with every change of state, so that what was planned before it comes to nothing."""
    reboots_until: datetime | None = None
    last_boot: datetime | None = None
    stopped_before: bool = False
    """Whether its next boot is a restart rather than its launch."""
    restarted_at: datetime | None = None
    """When it was first started again."""
    faults: list[ActiveFault] = field(default_factory=list)
    traits: tuple[Trait, ...] = ()
    application: ApplicationCheck | None = None
    """None where no application status check is associated with it."""

    @property
    def shows_restart(self) -> bool:
        """Whether EC2 shows that it has been started again: the LaunchTime that it shows is no launch's."""
        return self.restarted_at is not None and self.shown.launched_at >= self.restarted_at

    def booted_since(self, moment: datetime) -> bool:
        return self.last_boot is not None and self.last_boot >= moment

    @property
    def lasting(self) -> tuple[ActiveFault, ...]:
        return tuple(f for f in self.faults if f.lasting and not f.dormant)

    def suffers(self, kind: FaultKind) -> ActiveFault | None:
        """The oldest lasting fault of this kind."""
        return next((f for f in self.lasting if f.fault.kind is kind), None)

    def lacks_room(self) -> ActiveFault | None:
        """The lack of capacity that its type suffers from."""
        full = self.suffers(FaultKind.START_CAPACITY)
        if full is None or (full.fault.instance_types and self.instance_type not in full.fault.instance_types):
            return None
        return full

    def works(self, now: datetime) -> bool:
        """Whether the system and the application answer."""
        up = self.state is InstanceState.RUNNING and now >= self.answers_from and not self.rebooting(now)
        return up and not any(f.effect.breaks_application for f in self.lasting)

    def rebooting(self, now: datetime) -> bool:
        return self.reboots_until is not None and now < self.reboots_until
