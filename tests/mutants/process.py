"""One catcher in a process of its own: forked from one that has imported what catchers need, and nothing of Defib."""

from __future__ import annotations

import importlib
import os
import runpy
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

INSTALLED = (
    "boto3",
    "botocore.session",
    "aws_lambda_powertools",
    "hypothesis",
    "jinja2",
    "moto.autoscaling.models",
    "moto.cloudwatch.models",
    "moto.core.models",
    "moto.dynamodb.models",
    "moto.ec2.models",
    "moto.elbv2.models",
    "moto.s3.models",
    "moto.secretsmanager.models",
    "moto.sns.models",
    "moto.sqs.models",
    "moto.ssm.models",
    "msgspec",
    "pytest",
    "time_machine",
    "urllib3",
)
"""Takes longer to import than most catchers to run. Not the CDK, whose Node process can't be shared."""
OURS = ("defib", "watchtower", "infra", "sim", "tests", "app")
POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a process."""

    status: int
    """Exit status; negative for the signal that ended it."""
    said: str
    """Its standard output and error."""
    timed_out: bool = False


def run(module: str, arguments: Sequence[str], root: Path, environment: Mapping[str, str], limit_s: float) -> Ran:
    """``python -m module arguments`` in ``root``, whose code is the only one of Defib that it imports."""
    for name in INSTALLED:
        importlib.import_module(name)
    with tempfile.TemporaryFile("w+b") as output:
        with warnings.catch_warnings():
            # Python warns of threads beside a fork: whatever runs the tests in parallel has some, and none of them is
            # needed by the child.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            _become(module, arguments, root, environment, output.fileno())
        status, timed_out = _wait(child, limit_s)
        output.seek(0)
        return Ran(status, output.read().decode("utf-8", "replace"), timed_out)


def _become(module: str, arguments: Sequence[str], root: Path, environment: Mapping[str, str], output: int) -> None:
    status = 1
    try:
        os.setsid()
        os.dup2(output, 1)
        os.dup2(output, 2)
        # Whatever runs the tests may have put something else in their place.
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        os.chdir(root)
        os.environ.clear()
        os.environ.update(environment)
        for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
            del sys.modules[name]
        kept = [
            entry for entry in sys.path if "site-packages" in entry or "lib/python" in entry or entry.endswith(".zip")
        ]
        sys.path[:] = [str(root), str(root / "functions"), *kept]
        importlib.invalidate_caches()
        sys.dont_write_bytecode = True
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:  # noqa: BLE001 - it must never come back into its parent's code
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _wait(child: int, limit_s: float) -> tuple[int, bool]:
    until = time.monotonic() + limit_s
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), False
        if time.monotonic() > until:
            os.killpg(child, signal.SIGKILL)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), True
        signal.sigtimedwait([], POLL_S)
