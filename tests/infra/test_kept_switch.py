"""A deploy, and the kill switch that CloudFormation writes to along the way."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from infra import deploy, kept_switch
from infra.kept_switch import KeptSwitch, switch_name
from infra.synthesize import TEMPLATE
from tests.infra.conftest import POLICY
from tests.infra.synthesized import Synthesized

NAME = switch_name("Defib")


class Ssm:
    """The parameter, and what others write to it just before it is read for the so-manieth time."""

    def __init__(self, value: str | None, others: dict[int, str] | None = None, refuses: tuple[str, ...] = ()) -> None:
        self.value, self._others, self._refuses = value, others or {}, refuses
        self.read: list[str] = []
        self.written: list[str] = []

    def get_parameter(self, **asked: Any) -> object:
        self._look_at(asked, "GetParameter")
        self.value = self._others.get(len(self.read) + 1, self.value)
        if self.value is None:
            raise ClientError({"Error": {"Code": "ParameterNotFound", "Message": ""}}, "GetParameter")
        self.read.append(self.value)
        return {"Parameter": {"Value": self.value}}

    def put_parameter(self, **asked: Any) -> None:
        self._look_at(asked, "PutParameter")
        assert asked["Overwrite"]
        self.value = str(asked["Value"])
        self.written.append(self.value)

    def _look_at(self, asked: dict[str, Any], operation: str) -> None:
        assert asked["Name"] == NAME
        if operation in self._refuses:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_switch, "LOOKS_EVERY", timedelta(milliseconds=20))


def deploying(ssm: Ssm, seconds: float = 0, status: int = 0) -> int:
    client: Any = ssm
    command = [sys.executable, "-c", f"import sys, time; time.sleep({seconds}); sys.exit({status})"]
    return KeptSwitch(lambda: client, NAME, "eu-west-1").deploy(command)


@pytest.mark.parametrize("status", [0, 3], ids=["the deploy is done", "the deploy fails and is rolled back"])
def test_a_switch_that_is_off_is_so_after_a_deploy_that_writes_on(
    capsys: pytest.CaptureFixture[str], status: int
) -> None:
    ssm = Ssm("off since Monday", {2: "on"})

    assert deploying(ssm, status=status) == status

    assert ssm.value == "off since Monday"
    said = capsys.readouterr().out
    assert "The kill switch is 'off since Monday', and stays so through this deploy." in said
    assert "It is 'off since Monday' again." in said


def test_it_is_put_back_while_the_deploy_still_runs() -> None:
    ssm = Ssm("off", {2: "on"})

    deploying(ssm, seconds=1)

    assert ssm.read[:3] == ["off", "on", "off"]


def test_one_that_is_switched_off_during_the_deploy_stays_off() -> None:
    ssm = Ssm("on", {3: "off", 5: "on"})

    deploying(ssm, seconds=1)

    assert ssm.read[:6] == ["on", "on", "off", "off", "on", "off"]


def test_one_that_is_on_is_not_written_to(capsys: pytest.CaptureFixture[str]) -> None:
    ssm = Ssm("on")

    assert deploying(ssm) == 0

    assert ssm.written == []
    assert capsys.readouterr().out == ""


def test_before_the_first_deploy_there_is_none_and_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert deploying(Ssm(None)) == 0
    assert capsys.readouterr().out == ""


def test_whoever_gives_up_waiting_is_told_that_cloudformation_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    ssm, reading = Ssm("off"), Ssm.get_parameter

    def interrupted(**asked: Any) -> object:
        answer = reading(ssm, **asked)
        if len(ssm.read) == 2:
            ssm.value = "on"
            raise KeyboardInterrupt
        return answer

    ssm.get_parameter = interrupted  # type: ignore[method-assign]  # a hand on the keyboard

    with pytest.raises(KeyboardInterrupt):
        deploying(ssm, seconds=1)

    assert ssm.value == "off"
    assert (
        f"When it is done: aws ssm put-parameter --region eu-west-1 --overwrite --name {NAME} --value 'off'"
        in capsys.readouterr().out
    )


def test_one_that_can_not_be_put_back_fails_the_deploy_and_says_by_which_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert deploying(Ssm("off", {2: "on"}, refuses=("PutParameter",))) == 1

    said = capsys.readouterr().out
    assert "THE KILL SWITCH MAY BE ON" in said
    assert f"aws ssm put-parameter --region eu-west-1 --overwrite --name {NAME} --value 'off'" in said


def test_whoever_may_not_read_it_can_deploy_and_is_told_to_look(capsys: pytest.CaptureFixture[str]) -> None:
    assert deploying(Ssm("off", refuses=("GetParameter",))) == 0

    said = capsys.readouterr().out
    assert "If it is not on, see after this deploy that it still is not." in said
    assert said.splitlines()[-1].endswith("Look yourself whether the kill switch is as you had it.")


def test_make_deploy_puts_it_back_in_the_region_that_it_deploys_to(
    stack: Synthesized, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assembly = tmp_path / "cdk.out"
    assembly.mkdir()
    (assembly / TEMPLATE).write_text(json.dumps(stack.template), encoding="utf-8")
    cli = tmp_path / "bin" / "cdk"
    cli.parent.mkdir()
    cli.write_text(f"#!/bin/sh\necho '{{}}' > {tmp_path / 'outputs.json'}\n", encoding="utf-8")
    cli.chmod(0o755)
    monkeypatch.setenv("PATH", f"{cli.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setattr(deploy, "synthesize", lambda policy, out, target: assembly)
    monkeypatch.setattr(sys, "argv", ["deploy", "--policy", str(POLICY)])
    ssm, regions = Ssm("off", {2: "on"}), list[str]()

    def client(service: str, calls: object, region: str) -> Any:
        if service != "ssm":
            raise NoCredentialsError
        regions.append(region)
        return ssm

    monkeypatch.setattr("defib.aws.clients.client", client)

    assert deploy.main() == 0
    assert (ssm.read[:2], ssm.value) == (["off", "on"], "off")
    assert regions == ["us-east-1"]
