"""A recording as one JSON document, described by docs/replay-document.schema.json."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from sim.recording import (
    ActionRecord,
    DecisionRecord,
    FaultRecord,
    InstanceTrack,
    Message,
    Recording,
    Span,
    Totals,
)
from sim.report.figures import figures
from sim.report.words import iso

FORMAT = "defib-replay/1"
"""Grows only when a key changes its meaning or goes; new keys don't change it."""


def to_json(recording: Recording) -> str:
    """The recording with its derived figures: times in ISO 8601 UTC, durations in seconds, keys in a fixed order."""
    document: dict[str, object] = {
        "format": FORMAT,
        "scenario": recording.scenario,
        "title": recording.title,
        "story": recording.story,
        "seed": recording.seed,
        "passed": recording.passed,
        "started_at": iso(recording.started_at),
        "ended_at": iso(recording.ended_at),
        "duration_seconds": _seconds(recording.ended_at - recording.started_at),
        "original_outage_seconds": _seconds(recording.original),
        "faults": [_fault(f) for f in recording.faults],
        "decisions": [_decision(d) for d in recording.decisions],
        "messages": [_message(m) for m in recording.messages],
        "public": {
            "updates": [
                {"at": iso(u.at), "status": u.status, "name": u.name, "body": u.body} for u in recording.updates
            ],
            "pages": [
                {"at": iso(p.at), "version": p.version, "indicator": p.indicator, "banner": p.banner}
                for p in recording.pages
            ],
        },
        "expectations": [
            {"text": e.text, "expected": e.expected, "actual": e.actual, "held": e.held} for e in recording.expectations
        ],
        "totals": _totals(recording.totals),
        "instances": [_track(t) for t in recording.instances],
    }
    return json.dumps(document, indent=2, allow_nan=False)


def _fault(fault: FaultRecord) -> dict[str, object]:
    derived = figures(fault)
    return {
        "instance_id": fault.instance_id,
        "name": fault.name,
        "kind": fault.kind,
        "outcome": fault.outcome,
        "struck_at": iso(fault.struck_at),
        "check_failed_at": _time(fault.check_failed_at),
        "noticed_at": _time(fault.noticed_at),
        "detected_at": _time(fault.detected_at),
        "announced_at": _time(fault.announced_at),
        "escalated_at": _time(fault.escalated_at),
        "healthy_at": _time(fault.healthy_at),
        "healed_at": _time(fault.healed_at),
        "seconds_to_check_failed": _seconds(derived.check_failed),
        "seconds_to_notice": _seconds(derived.noticed),
        "seconds_to_detect": _seconds(derived.detected),
        "seconds_to_announce": _seconds(derived.announced),
        "seconds_from_detection_to_announcement": _seconds(derived.announced_after_detection),
        "seconds_to_escalate": _seconds(derived.escalated),
        "seconds_to_healthy": _seconds(derived.healthy),
        "seconds_to_heal": _seconds(derived.healed),
        "aws_imposed_seconds": _seconds(fault.aws_imposed),
        "aws_imposed_share": _share(derived.aws_imposed_share),
        "defib_share": _share(derived.defib_share),
        "actions": [_action(a, fault.struck_at) for a in fault.actions],
    }


def _action(action: ActionRecord, struck_at: datetime) -> dict[str, object]:
    return {
        "at": iso(action.at),
        "seconds_after_struck": _seconds(action.at - struck_at),
        "action": action.action,
        "reason": action.reason,
        "verdict": action.verdict,
        "detail": action.detail,
    }


def _decision(decision: DecisionRecord) -> dict[str, object]:
    return {
        "at": iso(decision.at),
        "instance_id": decision.instance_id,
        "case_id": decision.case_id,
        "cause": decision.cause,
        "decision": decision.decision,
        "reason": decision.reason,
    }


def _message(message: Message) -> dict[str, object]:
    return {
        "at": iso(message.at),
        "medium": message.medium,
        "to": message.to,
        "subject": message.subject,
        "body": message.body,
        "incident_id": message.incident_id,
        "notice": message.notice,
    }


def _track(track: InstanceTrack) -> dict[str, object]:
    return {
        "instance_id": track.instance_id,
        "name": track.name,
        "service": track.service,
        "zone": track.zone,
        "states": [_span(s) for s in track.states],
        "checks": [_span(s) for s in track.checks],
        "targets": [_span(s) for s in track.targets],
    }


def _span(span: Span) -> dict[str, object]:
    return {
        "start": iso(span.start),
        "end": iso(span.end),
        "seconds": _seconds(span.end - span.start),
        "value": span.value,
    }


def _totals(totals: Totals) -> dict[str, object]:
    return {
        "invocations": dict(sorted(totals.invocations.items())),
        "invocations_total": sum(totals.invocations.values()),
        "calls": dict(sorted(totals.calls.items())),
        "calls_total": sum(totals.calls.values()),
        "throttled": dict(sorted(totals.throttled.items())),
        "throttled_total": sum(totals.throttled.values()),
        "denied": list(totals.denied),
        "dead_letters": totals.dead_letters,
        "errors": list(totals.errors),
        "dead_on_arrival": [
            {"service": d.service, "zone": d.zone, "instance_type": d.instance_type, "count": d.count}
            for d in totals.dead_on_arrival
        ],
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else iso(at)


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else round(duration.total_seconds(), 3)


def _share(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
