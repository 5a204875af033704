"""Builds the CDK app in this process: from the CLI's context, or for the replay with its own."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

# The Node that came with this environment, whatever else the machine has.
if (_node := Path(sys.executable).parent / "node").exists():
    os.environ.setdefault("JSII_NODE", str(_node))

from aws_cdk import App

from defib.core.parse import PolicyError, parse
from defib.core.policy import Policy
from infra.bundle import ROOT, Target, bundle
from infra.operator_error import OperatorError
from infra.page import PageCopyStack
from infra.regions import must_exist
from infra.role_room import refuse_overfull
from infra.stack import DefibStack
from infra.watched import seen_of
from infra.watchtower import WatchtowerStack
from infra.watchtower_bundle import bundle_watchtower

STACK = "Defib"
PAGE_COPY_STACK = "DefibPageCopy"
WATCHTOWER_STACK = "DefibWatchtower"


def from_context() -> None:
    """Synthesize as the CDK CLI asked for; raises OperatorError."""
    app = new_app()
    policy = Path(str(app.node.get_context("policy")))
    target = Target(
        platform=str(app.node.try_get_context("lambda_platform") or Target().platform),
        python=str(app.node.try_get_context("lambda_python") or Target().python),
        compiled=True,
    )
    synthesize(app, policy if policy.is_absolute() else ROOT / policy, target)


def into(outdir: Path, policy: Path, target: Target) -> None:
    """Synthesize into ``outdir``; raises OperatorError."""
    synthesize(new_app(outdir), policy, target)


def read_policy(path: Path) -> Policy:
    """The operator's policy; raises OperatorError with every mistake it holds."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        another = "Name another with POLICY=FILE for make, or -c policy=FILE for cdk."
        why = (error.strerror if isinstance(error, OSError) else "") or error
        raise OperatorError(f"Can't read the policy {path}: {why}. {another}") from error
    except PolicyError as error:
        raise OperatorError(error.told(str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path))) from error


def new_app(outdir: Path | None = None) -> App:
    """An app that writes to ``outdir``, or where the CDK CLI wants it."""
    # The CLI hands over cdk.json's context by itself, and its own -c wins; a direct run reads the same file.
    context = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return App(outdir=None if outdir is None else str(outdir), context=context, analytics_reporting=False)


def synthesize(app: App, policy_path: Path, target: Target) -> None:
    """Put the stack into ``app`` and write the assembly; raises OperatorError."""
    policy = read_policy(policy_path)
    must_exist(policy)
    with tempfile.TemporaryDirectory(prefix="defib-") as scratch:
        code = Path(scratch) / "code"
        bundle(policy_path, target, code)
        stack = DefibStack(app, STACK, policy=policy, target=target, code=code)
        if policy.page.enabled and policy.page.failover_region:
            # First, for what the page's function writes to must be there.
            stack.add_stack_dependency(PageCopyStack(app, PAGE_COPY_STACK, region=policy.page.failover_region))
        if policy.watchtower.stands:
            seen = seen_of(stack)
            tower = Path(scratch) / "watchtower"
            bundle_watchtower(policy, target, seen, tower)
            WatchtowerStack(
                app, WATCHTOWER_STACK, policy=policy, target=target, code=tower, seen=seen
            ).add_stack_dependency(stack)
        _write(app)


def _write(app: App) -> None:
    """Write the assembly; raises OperatorError where the policy needs more than one stack holds, or one role."""
    try:
        written = app.synth()
    except RuntimeError as error:
        if "is greater than allowed maximum" not in str(error):
            raise
        raise OperatorError(
            "The policy needs more than the 500 resources that CloudFormation gives a stack. Each target group that it "
            "names has an alarm, each address two subscriptions: name fewer of them."
        ) from error
    for stack in written.stacks:
        refuse_overfull(json.loads(Path(stack.template_full_path).read_text(encoding="utf-8")))
