"""A process as Lambda would start it for one function: its environment, its bytecode and its clients."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ROOT / "functions"
HANDLERS = (
    *("diagnose", "remediate", "evidence", "publish", "sweep"),
    *("page", "stashboard", "answer", "subscribe", "elsewhere"),
)
OTHER_PAGE = """
[page.elsewhere.statuspage]
kind = "statuspage"
secret = "defib/statuspage"
page_id = "kctbh9vrtdwd"
components = { web = "8kbf7d35c070" }
"""
"""What the shipped policy lacks for ``elsewhere``."""
ADDRESSES = (
    *("DEFIB_SIGNALS_QUEUE", "DEFIB_ORDERS_QUEUE", "DEFIB_EVIDENCE_QUEUE", "DEFIB_NOTICES_QUEUE"),
    "DEFIB_SET_ASIDE_QUEUES",
)
"""Names of variables that hold queue URLs."""
STRIPPED = ("AWS_", "DEFIB_", "POWERTOOLS_", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
"""How names begin that no measured process inherits. Who measures says where bytecode is, for both sides."""


class ChildFailed(RuntimeError):
    """A measured process ended with an error."""


def environment(handler: str, **more: str) -> dict[str, str]:
    """What a deployed function finds in its environment, with no way to a real AWS account; ``more`` wins."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(STRIPPED)}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(FUNCTIONS))),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "LAMBDA_TASK_ROOT": str(ROOT),
        "DEFIB_POLICY": "defib.toml",
        "DEFIB_TABLE": "defib",
        "DEFIB_EVIDENCE_BUCKET": "evidence",
        "DEFIB_INCIDENTS_TOPIC": "arn:aws:sns:us-east-1:123456789012:incidents",
        "DEFIB_KILL_SWITCH": "kill-switch",
        "DEFIB_PAGE_BUCKET": "page",
        "DEFIB_PAGE_URL": "https://status.example.com",
        "DEFIB_ALERTS_TOPIC": "arn:aws:sns:us-east-1:123456789012:alerts",
        "DEFIB_SUBSCRIBERS_TOPIC": "arn:aws:sns:us-east-1:123456789012:subscribers",
        "DEFIB_STASHBOARD_SECRET": "stashboard",
        "DEFIB_ANSWERS_SECRET": "answers",
        "DEFIB_ANSWERS_URL": "https://answers.example.com",
        "DEFIB_OTHER_PAGE": "statuspage",
        "DEFIB_OTHER_PAGE_SECRET": "statuspage",
        **dict.fromkeys(ADDRESSES, "https://sqs.us-east-1.amazonaws.com/123456789012/queue"),
        "POWERTOOLS_SERVICE_NAME": handler,
        "POWERTOOLS_METRICS_NAMESPACE": "Defib",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        **more,
    }


@contextmanager
def bytecode() -> Iterator[dict[str, str]]:
    """Variables of a place for the bytecode of all that is measured; the first run of a process fills it.

    Otherwise a side is compiled at every run, or isn't, as tree and installed packages happen to have been left.
    """
    with TemporaryDirectory() as name:
        yield {"PYTHONPYCACHEPREFIX": name}


def run(arguments: list[str], env: Mapping[str, str]) -> str:
    """The last line that a fresh interpreter prints. Raises ChildFailed."""
    done = subprocess.run([sys.executable, *arguments], env=dict(env), capture_output=True, text=True, check=False)
    if done.returncode != 0 or not done.stdout:
        raise ChildFailed(f"python {' '.join(arguments)[:300]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout.splitlines()[-1]


def services_of(module: str, env: Mapping[str, str]) -> list[str]:
    """The AWS services of the clients that a handler's ``module`` builds in ``env``, in order, one for each client."""
    code = f"""
import json, boto3
made, make = [], boto3.client
boto3.client = lambda service, **how: (made.append(service), make(service, **how))[1]
import {module} as handler
handler._built()
print(json.dumps(made))
"""
    services: list[str] = json.loads(run(["-c", code], env))
    return services
