"""Reads the stack's kill switch: one SSM parameter, which nobody but the operator writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.core.model import Switch
from defib.shell.ports import CallFailed

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

PERMISSIONS = (Permission(("ssm:GetParameter",), Scope.KILL_SWITCH),)


class SsmSwitch:
    """Keeps the promise of ``ports.KillSwitch``. Never cached: a switch pulled a second ago holds the next act."""

    def __init__(self, ssm: SSMClient, name: str) -> None:
        self._ssm = ssm
        self._name = name

    def read(self) -> Switch:
        try:
            with translated(f"reading the kill switch {self._name}"):
                value = self._ssm.get_parameter(Name=self._name)["Parameter"].get("Value", "")
        except CallFailed:
            return Switch.UNREADABLE
        return Switch.ON if value == Switch.ON.value else Switch.OFF
