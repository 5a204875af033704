"""A deploy leaves the kill switch as the operator has it, also where CloudFormation does not.

Whatever CloudFormation updates of a parameter, it writes the template's value along, here ``on``: a tag of the stack
that changes is enough (aws-cdk#25949).
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from defib.core.asking import in_region
from defib.core.model import Switch

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

LOOKS_EVERY = timedelta(seconds=5)
"""How long the switch may be on against the operator's will while a deploy runs."""


def switch_name(stack_name: str) -> str:
    """What the parameter of that stack is called."""
    return f"/defib/{stack_name}/healing"


class KeptSwitch:
    """What the operator last set the switch called ``name`` in ``region`` to, as far as looks have seen it."""

    def __init__(self, ssm: Callable[[], SSMClient], name: str, region: str) -> None:
        self._ssm = ssm
        self._name = name
        self._region = region
        self._off = ""
        """The value that holds; empty while none has been seen."""
        self._unread = ""
        """Why the last look saw nothing."""

    def deploy(self, command: Sequence[str]) -> int:
        """Run ``command`` and return its exit status, or another than 0 if the switch may not be as it was."""
        self._look()
        if self._off:
            print(f"The kill switch is {self._off!r}, and stays so through this deploy.", flush=True)
        elif self._unread:
            print(f"WARNING: {self._unread}. If it is not on, see after this deploy that it still is not.", flush=True)
        with subprocess.Popen(command) as running:  # noqa: S603 - fixed words, and paths the operator gave
            try:
                self._watch(running)
            except KeyboardInterrupt:
                running.kill()
                if self._off:
                    print(f"CloudFormation goes on by itself. When it is done: {self._by_hand()}", flush=True)
                raise
            finally:
                # Also where the deploy fails: a rollback writes it, too.
                self._look()
        if self._off and self._unread:
            print(f"THE KILL SWITCH MAY BE ON: {self._unread}. It was {self._off!r}. {self._by_hand()}", flush=True)
            return running.returncode or 1
        if self._unread:
            print(f"WARNING: {self._unread}. Look yourself whether the kill switch is as you had it.", flush=True)
        return running.returncode

    def _watch(self, running: subprocess.Popen[bytes]) -> None:
        while True:
            try:
                running.wait(LOOKS_EVERY.total_seconds())
            except subprocess.TimeoutExpired:
                self._look()
            else:
                return

    def _look(self) -> None:
        """Remember what holds, and set the switch back to it where it is on after that."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only a deploy needs it

        self._unread = ""
        try:
            ssm = self._ssm()
            value = ssm.get_parameter(Name=self._name)["Parameter"].get("Value", "")
            if value != Switch.ON.value:
                self._off = value
            elif self._off:
                ssm.put_parameter(Name=self._name, Value=self._off, Overwrite=True)
                print(f"The kill switch was set to on during this deploy. It is {self._off!r} again.", flush=True)
        except (BotoCoreError, ClientError) as error:
            response = error.response if isinstance(error, ClientError) else {}
            # Before the first deploy there is none; and one that is missing holds, too.
            if response.get("Error", {}).get("Code") != "ParameterNotFound":
                self._unread = f"could not read or set the kill switch {self._name} ({error})"

    def _by_hand(self) -> str:
        return f"aws ssm put-parameter{in_region(self._region)} --overwrite --name {self._name} --value '{self._off}'"
