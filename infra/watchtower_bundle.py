"""What the watchtower takes along: its code, and what it is told of the watched stack at synth."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from defib.core.policy import Policy
from infra.bundle import ROOT, Target, dependencies, let_everybody_read
from infra.bytecode import add_bytecode
from infra.notify import addresses
from infra.watched import Seen, parameter_name
from watchtower.settings import FILE

FINDINGS = "Findings"
HEARTBEAT = "Heartbeat"


def bundle_watchtower(policy: Policy, target: Target, seen: Seen, into: Path) -> None:
    """Lay the watchtower's code and settings out in ``into``, which must not exist; of Defib's code nothing."""
    into.mkdir(parents=True)
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(ROOT / "functions" / "watchtower", into / "watchtower", ignore=ignore)
    shutil.copytree(dependencies(target) / "urllib3", into / "urllib3", ignore=ignore)
    if target.compiled:
        add_bytecode(into, target.python)
    settings = json.dumps(settings_of(policy, seen), indent=1, sort_keys=True)
    (into / FILE).write_text(settings + "\n", encoding="utf-8")
    let_everybody_read(into)


def settings_of(policy: Policy, seen: Seen) -> dict[str, object]:
    """What ``watchtower.settings`` reads."""
    tower = policy.watchtower
    own = [
        (topic, address.protocol.value.lower(), address.endpoint)
        for topic in (FINDINGS, HEARTBEAT)
        for address in addresses(policy)
    ]
    return {
        "region": tower.region,
        "primary_region": tower.primary_region,
        "primary_stack": seen.stack_name,
        "parameter": parameter_name(seen.stack_name),
        "alarms": seen.alarms,
        "ways": [(way.word, way.feeds, way.after) for way in seen.ways],
        "rules": list(seen.rules),
        "doors": list(seen.doors),
        "subscribers": [(one.topic, one.protocol, one.endpoint) for one in seen.reached],
        "own_subscribers": own,
        "sweep_within_s": tower.sweep_within.total_seconds(),
        "canary_within_s": tower.canary_within.total_seconds(),
        "page_within_s": tower.page_within.total_seconds(),
        "has_page": policy.page.enabled,
        "sms_share": tower.sms_share,
        "looks": tower.looks,
        "dead_mans_switch": tower.dead_mans_switch,
        "seen": seen.digest,
    }
