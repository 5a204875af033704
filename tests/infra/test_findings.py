"""What other people's linters say of the template."""

from __future__ import annotations

import json
from pathlib import Path

from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks
from cfnlint import api
from cfnlint.config import ManualArgs

from infra import assembly
from infra.bundle import Target
from infra.synthesize import TEMPLATE
from tests.infra.conftest import POLICY
from tests.infra.synthesized import Synthesized

REDUNDANT_DEPENDENCY = "W3005"
"""The CDK makes a function wait for its role in so many words, though referring to it would do."""


def test_cfn_lint_finds_nothing(stack: Synthesized) -> None:
    found = api.lint(
        (stack.assembly / TEMPLATE).read_text(),
        config=ManualArgs(ignore_checks=[REDUNDANT_DEPENDENCY], regions=["us-east-1", "eu-central-1"]),
    )

    assert [f"{finding.rule.id} {finding.message}" for finding in found] == []


def test_cdk_nag_finds_nothing_that_is_not_explained(tmp_path: Path) -> None:
    app = assembly.new_app(tmp_path)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))

    assembly.synthesize(app, POLICY, Target())

    (report,) = json.loads((tmp_path / "validation-report.json").read_text())["pluginReports"]
    assert report["conclusion"] == "success"
    assert report["violations"] == []
    assert report["suppressedViolations"], "it has looked"
    for finding in report["suppressedViolations"]:
        assert len(finding["reason"]) > 20
        assert finding["acknowledgedAt"].count("/") >= 2, "for one construct, not for a whole part of the stack"
