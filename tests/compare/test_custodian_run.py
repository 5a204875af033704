import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sim.compare.rivals.custodian import ANSWERS, PYTHON, Asked, NoCustodian, Situation, remembered
from sim.replay import ROOT

FAILING = Situation("running", "", up=True, marked=False, refuse="", points=(1, 1))
STOPPED = Situation("stopped", "Client.UserInitiatedShutdown", up=True, marked=True, refuse="", points=())


def test_without_it_the_remedy_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoCustodian, match=r"make \.venv/\.custodian"):
        Asked(tmp_path / "bin" / "python")


def test_what_is_remembered_is_what_the_answers_say() -> None:
    for entry in json.loads(ANSWERS.read_text()):
        situation = Situation(**{**entry["situation"], "points": tuple(entry["situation"]["points"])})
        assert list(remembered()(situation).calls) == entry["calls"]


def skip_without(python: Path, environ: Mapping[str, str] = os.environ) -> None:
    """Skip where Cloud Custodian is not installed, but not where it must be: there, asking it fails."""
    if not python.exists() and not environ.get("CUSTODIAN_MUST_RUN"):
        pytest.skip("Cloud Custodian is not installed: make .venv/.custodian")


@pytest.fixture(scope="module")
def ask() -> Iterator[Asked]:
    skip_without(PYTHON)
    with Asked() as asked:
        yield asked


class TestWhereItIsNotInstalled:
    def test_it_is_not_run(self, tmp_path: Path) -> None:
        with pytest.raises(pytest.skip.Exception, match=r"make \.venv/\.custodian"):
            skip_without(tmp_path / "python", {})

    def test_that_is_a_failure_if_it_must_run(self, tmp_path: Path) -> None:
        skip_without(tmp_path / "python", {"CUSTODIAN_MUST_RUN": "1"})

    def test_it_must_run_before_a_change_lands(self) -> None:
        lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
        assert lines.index("make .venv/.custodian") < lines.index("make test")
        assert lines.index("export CUSTODIAN_MUST_RUN=1") < lines.index("make test")


def test_it_stops_what_fails_and_starts_what_it_has_stopped(ask: Asked) -> None:
    assert "StopInstances" in ask(FAILING).calls
    assert "StartInstances" in ask(STOPPED).calls


def test_it_never_asks_for_the_status_of_an_instance(ask: Asked) -> None:
    assert "DescribeInstanceStatus" not in ask(FAILING).calls


def test_it_answers_as_it_did(ask: Asked) -> None:
    for entry in json.loads(ANSWERS.read_text()):
        situation = Situation(**{**entry["situation"], "points": tuple(entry["situation"]["points"])})
        assert list(ask(situation).calls) == entry["calls"]
