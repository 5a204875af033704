"""What MiniStack's EC2 and its load balancers leave out of their answers, laid over them.

Its status checks always pass, as every target is healthy; it ignores the filters on checks and on instance ids, never
renews a launch time and gives no reason for a stop.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from xml.etree import ElementTree as ET

from defib.core.model import CheckStatus
from tests.e2e.hardware import Machine

NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
ELB_NAMESPACE = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"
ET.register_namespace("", NAMESPACE)

CHECKS = {
    "system-status.status": "systemStatus",
    "instance-status.status": "instanceStatus",
    "attached-ebs-status.status": "attachedEbsStatus",
    "application-status.status": "applicationStatus",
}
"""Filter to element, of DescribeInstanceStatus."""

DETAILS = {CheckStatus.OK: "passed", CheckStatus.IMPAIRED: "failed"}
"""How the details of a check put its status."""

CONSOLE = "[    0.000000] Linux version 6.1\nlogin: "
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")

Form = Mapping[str, list[str]]


def instance_ids(form: Form) -> tuple[str, ...]:
    """The instances that a request names."""
    return tuple(value[0] for key, value in form.items() if key.startswith("InstanceId"))


def statuses(answer: bytes, form: Form, machine_of: Callable[[str], Machine], now: datetime) -> bytes:
    """DescribeInstanceStatus with the machines' own checks, and only what the filters let through."""
    root = ET.fromstring(answer)
    filters = _filters(form)
    # AWS has announced nothing.
    announced = filters.pop("event.code", None) is not None
    if unknown := filters.keys() - CHECKS.keys():
        raise NotImplementedError(f"DescribeInstanceStatus with the filters {', '.join(sorted(unknown))}")
    entries = _child(root, "instanceStatusSet")
    for entry in list(entries):
        running = _text(entry, "instanceState/name") == "running"
        machine = machine_of(_text(entry, "instanceId"))
        _lay(entry, "systemStatus", CheckStatus.OK if running else CheckStatus.NOT_APPLICABLE, None)
        instance = machine.instance_check(now) if running else CheckStatus.NOT_APPLICABLE
        _lay(entry, "instanceStatus", instance, machine.impaired_since if running else None)
        if announced or not all(_text(entry, f"{CHECKS[name]}/status") in allowed for name, allowed in filters.items()):
            entries.remove(entry)
    return ET.tostring(root)


def instances(answer: bytes, form: Form, machine_of: Callable[[str], Machine]) -> bytes:
    """DescribeInstances with the machines' launch times and reasons, and only the instances asked for."""
    root = ET.fromstring(answer)
    wanted = _filters(form).get("instance-id")
    reservations = _child(root, "reservationSet")
    for reservation in list(reservations):
        instance = _child(reservation, "instancesSet/item")
        if wanted is not None and _text(instance, "instanceId") not in wanted:
            reservations.remove(reservation)
            continue
        machine = machine_of(_text(instance, "instanceId"))
        _child(instance, "launchTime").text = machine.launched_at.isoformat()
        if _text(instance, "instanceState/name") == "stopped":
            _add(_add(instance, "stateReason"), "code", machine.stop_reason)
    return ET.tostring(root)


def target_health(answer: bytes, machine_of: Callable[[str], Machine]) -> bytes:
    """DescribeTargetHealth with what the machines' applications answer."""
    root = ET.fromstring(answer)
    for target in root.iterfind(f".//{_elb('member')}"):
        instance_id = target.findtext(f"{_elb('Target')}/{_elb('Id')}", "")
        health = target.find(_elb("TargetHealth"))
        assert health is not None, f"MiniStack says nothing of the health of {instance_id}"
        if not machine_of(instance_id).serves:
            for name, said in (("State", "unhealthy"), ("Reason", "Target.FailedHealthChecks")):
                element = health.find(_elb(name))
                (ET.SubElement(health, _elb(name)) if element is None else element).text = said
    return ET.tostring(root)


def console_output(form: Form, now: datetime) -> bytes:
    """GetConsoleOutput, which MiniStack doesn't know."""
    root = _answer("GetConsoleOutputResponse", form)
    _add(root, "timestamp", now.isoformat())
    _add(root, "output", base64.b64encode(CONSOLE.encode()).decode())
    return ET.tostring(root)


def stop_protection(form: Form) -> bytes:
    """DescribeInstanceAttribute's answer for ``disableApiStop``, which MiniStack leaves out: none is protected."""
    root = _answer("DescribeInstanceAttributeResponse", form)
    _add(_add(root, "disableApiStop"), "value", "false")
    return ET.tostring(root)


def console_screenshot(form: Form) -> bytes:
    """GetConsoleScreenshot, which MiniStack doesn't know."""
    root = _answer("GetConsoleScreenshotResponse", form)
    _add(root, "imageData", base64.b64encode(JPEG).decode())
    return ET.tostring(root)


def _elb(name: str) -> str:
    return f"{{{ELB_NAMESPACE}}}{name}"


def _filters(form: Form) -> dict[str, set[str]]:
    names = {key.removesuffix(".Name"): value[0] for key, value in form.items() if key.endswith(".Name")}
    return {name: set(_values(form, f"{prefix}.Value.")) for prefix, name in names.items()}


def _values(form: Form, prefix: str) -> Iterator[str]:
    return (value[0] for key, value in form.items() if key.startswith(prefix))


def _lay(entry: ET.Element, element: str, status: CheckStatus, since: datetime | None) -> None:
    check = _child(entry, element)
    _child(check, "status").text = status.value
    details = _child(check, "details/item")
    _child(details, "status").text = DETAILS.get(status, status.value)
    if since is not None:
        _add(details, "impairedSince", since.isoformat())


def _answer(name: str, form: Form) -> ET.Element:
    root = ET.Element(f"{{{NAMESPACE}}}{name}")
    _add(root, "instanceId", *instance_ids(form))
    return root


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    child.text = text
    return child


def _child(parent: ET.Element, path: str) -> ET.Element:
    found = parent.find("/".join(f"{{{NAMESPACE}}}{step}" for step in path.split("/")))
    assert found is not None, f"MiniStack's answer has no {path} in {parent.tag}"
    return found


def _text(parent: ET.Element, path: str) -> str:
    found = parent.find("/".join(f"{{{NAMESPACE}}}{step}" for step in path.split("/")))
    return "" if found is None else found.text or ""
