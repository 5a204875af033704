"""Cold starts: what a fresh interpreter needs until a handler is ready, beside one that only makes the same clients.

Processor time, not the wall's: an import waits for nothing, and other work on the machine counts less.
"""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.bench.figure import Figure, Section, Unit
from tests.bench.process import FUNCTIONS, HANDLERS, OTHER_PAGE, ROOT, bytecode, environment, run, services_of

LIMIT = 1.2
CARRIED = ("aws_lambda_powertools", "jmespath", "markupsafe", "msgspec", "typing_extensions", "urllib3")
"""What functions/requirements.txt puts beside ``defib`` in the Lambda, as far as a start loads it."""

_TIMED = "import time\nstarted = time.process_time()\n{}\nprint(time.process_time() - started)"


def measure(runs: int, tell: Callable[[str], None]) -> tuple[Section, ...]:
    """Sections ``cold`` (everything a first invocation builds) and ``first`` (the import and one client)."""
    ready: list[Figure] = []
    first: list[Figure] = []
    with _unpacked() as task_root, bytecode() as kept, _policy() as policy:
        for handler in HANDLERS:
            tell(f"cold start of {handler}")
            env = environment(handler, DEFIB_POLICY=str(policy), **kept)
            services = services_of(f"defib.handlers.{handler}", env)
            took = interleaved(
                {
                    "bare": (bare(*services), [], env),
                    "defib": (_built(handler), [], env),
                    "bare first": (bare(services[0]), [], env),
                    "defib first": (_first(handler, services[0]), [], env),
                    # -B: what is unpacked stays without bytecode, as on Lambda, whose file system is read-only. That of
                    # boto3, which Lambda's runtime has, is found, for it was kept by the runs before.
                    "source": (_built(handler), ["-B"], {**env, "PYTHONPATH": str(task_root)}),
                },
                runs,
            )
            note = f"{took['source']:.0f} ms from source"
            clients = ", ".join(services)
            ready.append(Figure(f"{handler} ({clients})", took["defib"], Unit.MILLISECONDS, took["bare"], LIMIT, note))
            name = f"{handler} ({services[0]})"
            first.append(Figure(name, took["defib first"], Unit.MILLISECONDS, took["bare first"], LIMIT))
    return (
        Section("cold", "Cold start: import and everything built at the first invocation", "function", tuple(ready)),
        Section("first", "Import and the first client", "function", tuple(first)),
    )


def interleaved(codes: Mapping[str, tuple[str, list[str], Mapping[str, str]]], runs: int) -> dict[str, float]:
    """Median milliseconds of each, taken in turns; a first round that compiles bytecode doesn't count."""
    took: dict[str, list[float]] = {name: [] for name in codes}
    for turn in range(runs + 1):
        for name, (code, options, env) in codes.items():
            seconds = float(run([*options, "-c", _TIMED.format(code)], env))
            if turn > 0:
                took[name].append(seconds * 1000)
    return {name: median(times) for name, times in took.items()}


def bare(*services: str) -> str:
    return "\n".join(("import boto3", *(f"boto3.client({service!r})" for service in services)))


def _built(handler: str) -> str:
    return f"import defib.handlers.{handler} as handler\nhandler._built()"


def _first(handler: str, service: str) -> str:
    return f"""
import defib.handlers.{handler}
from defib.aws.clients import client
from defib.core.policy import Calls
client({service!r}, Calls())
"""


@contextmanager
def _unpacked() -> Iterator[Path]:
    """What Lambda unpacks: sources without bytecode, which would have to be compiled by the runtime's own Python."""
    ignore = shutil.ignore_patterns("__pycache__")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        shutil.copytree(FUNCTIONS / "defib", root / "defib", ignore=ignore)
        for package in CARRIED:
            found = importlib.util.find_spec(package)
            assert found is not None
            assert found.origin is not None
            origin = Path(found.origin)
            if origin.name == "__init__.py":
                shutil.copytree(origin.parent, root / package, ignore=ignore)
            else:
                shutil.copy(origin, root)
        yield root


@contextmanager
def _policy() -> Iterator[Path]:
    """The shipped policy, followed by another page."""
    with tempfile.TemporaryDirectory() as name:
        policy = Path(name) / "defib.toml"
        policy.write_text((ROOT / "defib.toml").read_text(encoding="utf-8") + OTHER_PAGE, encoding="utf-8")
        yield policy
