"""Structured log lines and metrics, by Powertools: what was decided and done, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.core.audit import decision_of
from defib.core.case import Case
from defib.core.model import Cause, Observation, Result, Verdict
from defib.core.reach_news import forgotten_at, remedy, shown
from defib.core.shift import Shift

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

    from defib.core.approval import Answer
    from defib.core.call import CallAnswer
    from defib.shell.reach import Look

PERMISSIONS = ()
"""Metrics travel in the log (CloudWatch embedded metric format); the role of every function may write its log."""

UNANSWERED = "Unanswered"
ANY_FUNCTION = "any"
"""A metric, and whose: one of all functions together, of which infra/watch.py makes one alarm."""


def count(metric: str, value: int = 1, **dimensions: str) -> None:
    """Emit one count in POWERTOOLS_METRICS_NAMESPACE; ``service`` is the function's name unless given."""
    from aws_lambda_powertools.metrics import MetricUnit, single_metric  # noqa: PLC0415 - reads the environment

    with single_metric(name=metric, unit=MetricUnit.Count, value=value, default_dimensions=dimensions):
        pass


def count_unanswered() -> None:
    """Count one call that nothing answered, of whichever function: people are told of several (infra/watch.py)."""
    count(UNANSWERED, service=ANY_FUNCTION)


def beat(metric: str) -> None:
    """Count one sign of life, to the second: the alarm on its absence is quicker than a minute (infra/heartbeat.py)."""
    from aws_lambda_powertools.metrics import MetricResolution, MetricUnit, single_metric  # noqa: PLC0415 - as above

    with single_metric(name=metric, unit=MetricUnit.Count, value=1, resolution=MetricResolution.High):
        pass


def _answered(before: Case | None, after: Case) -> dict[str, str]:
    """Who has just said yes or no to its repair; empty when nobody has."""
    known = before.approval if before is not None else None
    if after.approval is None or after.approval.choice is None or after.approval == known:
        return {}
    return {"answer": after.approval.choice, "by": after.approval.by}


def _unread(observation: Observation) -> dict[str, str]:
    """Why it was decided without what a stop would destroy, by the name that each other failed call is logged by."""
    return {"problem": observation.traits.unread} if observation.traits.unread else {}


def _said(answer: CallAnswer) -> dict[str, str]:
    return {
        "correlation_id": answer.incident_id,
        "incident_id": answer.incident_id,
        "answer": answer.reaction,
        "by": answer.by,
    }


class PowertoolsJournal:
    """Keeps the promises of ``ports.Journal``. The case's id is the correlation id of every line about it."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger

    def decided(self, before: Case | None, after: Case, observation: Observation) -> None:
        decision = decision_of(before, after)
        if observation.traits.unanswered:
            # Watched, as in handlers/batch.py: before a stop is wanted that can't be had without these answers.
            count_unanswered()
        self._logger.info(
            "decided",
            extra={
                "correlation_id": after.id,
                "case_id": after.id,
                "instance_id": after.instance_id,
                "case_service": after.service,
                "cause": after.cause,
                "decision": decision,
                "reason": after.reason,
                "look_again_at": after.look_again_at.isoformat() if after.look_again_at else None,
                "evidence": list(after.evidence),
                "state": observation.state,
                **_answered(before, after),
                **_unread(observation),
            },
        )
        service = after.service or "none"
        if before is None and after.closed_at is not None:
            # Nothing was wrong: such a case is never stored, and half of all signals end so.
            return
        count("Decisions", service=service)
        if before is None or before.number != after.number:
            count("CasesOpened", service=service)
        newly_confirmed = after.confirmed_at is not None and (before is None or before.confirmed_at is None)
        if newly_confirmed and after.confirmed_cause is Cause.DEAD_ON_ARRIVAL:
            count("DeadOnArrival", service=service, zone=after.zone, instance_type=observation.instance_type)
        if decision == "escalate":
            count("Escalations", service=service)
        if after.closed_at is not None and after.outcome is not None and decision.startswith("close"):
            count("CasesClosed", service=service, outcome=after.outcome)

    def performed(self, case: Case, result: Result) -> None:
        attempt = next((a for a in case.attempts if a.number == result.attempt), None)
        if result.verdict is Verdict.LOST:
            # Watched, as in handlers/batch.py: a look will tell whether it was done, but not that nothing answers.
            count_unanswered()
        self._logger.info(
            "performed",
            extra={
                "correlation_id": case.id,
                "case_id": case.id,
                "instance_id": case.instance_id,
                "case_service": case.service,
                "action": attempt.action if attempt else None,
                "attempt": result.attempt,
                "verdict": result.verdict,
                "code": result.code,
                "detail": result.detail,
            },
        )

    def heard(self, answer: CallAnswer) -> None:
        self._logger.info("call answered", extra=_said(answer))

    def unheard(self, answer: CallAnswer, why: str) -> None:
        self._logger.warning("answer without effect", extra={**_said(answer), "why": why})

    def unheeded(self, answer: Answer, instance_id: str, why: str) -> None:
        self._logger.warning(
            "answer without effect",
            extra={
                "correlation_id": answer.case_id,
                "case_id": answer.case_id,
                "instance_id": instance_id,
                "answer": answer.choice,
                "by": answer.by,
                "why": why,
            },
        )

    def looked(self, found: Look) -> None:
        """One warning an address that can't be reached, or soon can't; one for all that AWS did not answer."""
        unreachable = sum(1 for finding in found.findings if finding.cuts_off)
        if unreachable:
            # Only then: a metric costs in every hour in which it is written.
            count("AddressesUnreachable", unreachable)
        for finding in found.findings:
            self._logger.warning(
                "address out of reach" if finding.cuts_off else "address at risk",
                extra={
                    "problem": finding.problem,
                    "address": shown(finding),
                    "contact": finding.contact,
                    "topics": list(finding.topics),
                    "since": finding.since.isoformat(),
                    "remedy": remedy(finding, forgotten_at(finding)),
                },
            )
        if found.unanswered:
            unanswered = {question.value: error for question, error in found.unanswered.items()}
            self._logger.warning("looked in part whether everybody can be reached", extra={"unanswered": unanswered})

    def shifted(self, shift: Shift) -> None:
        self._logger.info(
            "shifted",
            extra={
                "correlation_id": f"{shift.zone} {shift.name}",
                "load_balancer": shift.load_balancer,
                "zone": shift.zone,
                "zone_id": shift.zone_id,
                "move": shift.move,
                "answer": shift.answer,
                "detail": shift.detail,
                "zonal_shift_id": shift.id,
                "until": shift.until.isoformat() if shift.until else None,
            },
        )
