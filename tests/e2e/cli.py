"""The real CDK CLI, pointed at the emulator."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from tests.e2e.emulator import ACCOUNT, REGION

ROOT = Path(__file__).parents[2]
POLICY = Path(__file__).with_name("defib.toml")
NO_GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/pool/0000000000000000"
"""What stands in the policy for the one that the test makes."""
STACK = "Defib"
ENDS_WITHIN_S = 180

LAMBDA_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
"""MiniStack runs functions in its own interpreter, which is this one, whatever their runtime says."""


def lambda_platform() -> str:
    """The tag of the wheels that this interpreter can load."""
    if platform.system() == "Linux":
        return f"manylinux2014_{platform.machine()}"
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


def bootstrap(shared: Mapping[str, str], scratch: Path) -> None:
    """What every account and Region needs once."""
    # Where no cdk.json makes it synthesize without need.
    _cdk(["bootstrap", f"aws://{ACCOUNT}/{REGION}"], scratch, shared, scratch)


def deploy(shared: Mapping[str, str], scratch: Path, target_group: str) -> Mapping[str, str]:
    """Deploy ``app.py`` as it is, for the pool behind ``target_group``, and return the stack's outputs."""
    outputs, policy = scratch / "outputs.json", scratch / POLICY.name
    policy.write_text(POLICY.read_text(encoding="utf-8").replace(NO_GROUP, target_group), encoding="utf-8")
    app = f"{sys.executable} {ROOT / 'app.py'}"
    context = {"policy": str(policy), "lambda_platform": lambda_platform(), "lambda_python": LAMBDA_PYTHON}
    context["metric_math"] = "false"  # the emulator's CloudFormation refuses alarms on it
    chosen = [word for key, value in context.items() for word in ("-c", f"{key}={value}")]
    places = ["--output", str(scratch / "cdk.out"), "--outputs-file", str(outputs)]
    _cdk(["deploy", STACK, "--app", app, *chosen, *places, "--require-approval", "never"], ROOT, shared, scratch)
    found: Mapping[str, str] = json.loads(outputs.read_text(encoding="utf-8"))[STACK]
    return found


def _cdk(words: list[str], directory: Path, shared: Mapping[str, str], scratch: Path) -> None:
    cdk = shutil.which("cdk")
    if cdk is None:
        raise FileNotFoundError("The CDK CLI is not on the PATH: run this test with `make e2e`, which installs it.")
    environment = {**shared, "CDK_DISABLE_CLI_TELEMETRY": "true", "CDK_DISABLE_VERSION_CHECK": "true"}
    log = scratch / f"cdk-{words[0]}.log"
    with log.open("wb") as output:
        done = subprocess.run(
            [cdk, *words, "--no-notices"],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=ENDS_WITHIN_S,
            check=False,
        )
    if done.returncode != 0:
        raise RuntimeError(f"cdk {words[0]} failed; it said:\n{log.read_text(errors='replace')}")
