import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.compare.rivals.custodian import ANSWERS, PYTHON, Asked, NoCustodian, Situation, remembered

FAILING = Situation("running", "", up=True, marked=False, refuse="", points=(1, 1))
STOPPED = Situation("stopped", "Client.UserInitiatedShutdown", up=True, marked=True, refuse="", points=())


def test_without_it_the_remedy_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoCustodian, match=r"make \.venv/\.custodian"):
        Asked(tmp_path / "bin" / "python")


def test_what_is_remembered_is_what_the_answers_say() -> None:
    for entry in json.loads(ANSWERS.read_text()):
        situation = Situation(**{**entry["situation"], "points": tuple(entry["situation"]["points"])})
        assert list(remembered()(situation).calls) == entry["calls"]


@pytest.fixture(scope="module")
def ask() -> Iterator[Asked]:
    if not PYTHON.exists():
        pytest.skip("Cloud Custodian is not installed: make .venv/.custodian")
    with Asked() as asked:
        yield asked


def test_it_stops_what_fails_and_starts_what_it_has_stopped(ask: Asked) -> None:
    assert "StopInstances" in ask(FAILING).calls
    assert "StartInstances" in ask(STOPPED).calls


def test_it_never_asks_for_the_status_of_an_instance(ask: Asked) -> None:
    assert "DescribeInstanceStatus" not in ask(FAILING).calls


def test_it_answers_as_it_did(ask: Asked) -> None:
    for entry in json.loads(ANSWERS.read_text())[:6]:
        situation = Situation(**{**entry["situation"], "points": tuple(entry["situation"]["points"])})
        assert list(ask(situation).calls) == entry["calls"]
