from __future__ import annotations

from pathlib import Path

import pytest

from infra.bundle import ROOT
from infra.synthesize import TEMPLATE, synthesize
from tests.infra.synthesized import Synthesized

TOWER = "DefibWatchtower.template.json"
POLICY = Path(__file__).parent / "policy.toml"


@pytest.fixture(scope="session")
def stack() -> Synthesized:
    """Synthesized once, however many tests, workers and runs ask for it."""
    return Synthesized.load(synthesize(POLICY, ROOT / "build" / "tests" / "cdk.out"), TEMPLATE)


@pytest.fixture(scope="session")
def tower() -> Synthesized:
    """The watchtower's stack."""
    return Synthesized.load(synthesize(POLICY, ROOT / "build" / "tests" / "cdk.out"), TOWER)
