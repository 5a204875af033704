"""The Lambdas' code: pinned wheels for their platform, ``functions/defib`` and the operator's ``defib.toml``."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from infra.bytecode import add_bytecode
from infra.operator_error import OperatorError

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "functions" / "requirements.txt"
CACHE = ROOT / ".cache" / "lambda"

# What installers leave behind differs from one to the next, and would change the asset's hash.
_TRACES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")


@dataclass(frozen=True, slots=True)
class Target:
    """The Lambda platform that wheels are chosen for."""

    platform: str = "manylinux2014_aarch64"
    """A wheel platform tag; its machine is the functions' architecture."""
    python: str = "3.14"
    compiled: bool = False
    """Whether bytecode goes along, where it can be had: into what is deployed."""

    @property
    def is_arm(self) -> bool:
        return self.platform.endswith("aarch64")


def bundle(policy: Path, target: Target, into: Path) -> None:
    """Lay the Lambdas' asset out in ``into``, which must not exist.

    Fetches the dependencies the first time; raises OperatorError if it can't.
    """
    shutil.copytree(dependencies(target), into)
    shutil.copytree(ROOT / "functions" / "defib", into / "defib", ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    shutil.copyfile(policy, into / "defib.toml")
    if target.compiled:
        add_bytecode(into, target.python)
    let_everybody_read(into)


def let_everybody_read(bundle: Path) -> None:
    """Whatever the umask of whoever deploys: another user runs it in Lambda (Troubleshoot deployment issues)."""
    for path in (bundle, *bundle.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def dependencies(target: Target) -> Path:
    """The installed dependencies for ``target``, fetched once for each version of ``functions/requirements.txt``."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]
    kept = CACHE / f"{target.platform}-{target.python}-{digest}"
    if not kept.is_dir():
        kept.parent.mkdir(parents=True, exist_ok=True)
        fresh = kept.with_suffix(".part")
        shutil.rmtree(fresh, ignore_errors=True)
        _install(target, fresh)
        _tidy(fresh)
        fresh.rename(kept)
    return kept


def _install(target: Target, into: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--only-binary=:all:", "--platform", target.platform, "--python-version", target.python]
    command += ["--require-hashes", "--requirement", str(REQUIREMENTS), "--target", str(into)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own pip
    if done.returncode != 0:
        raise OperatorError(
            f"Can't fetch the Lambdas' dependencies for {target.platform}, Python {target.python}: pip said\n"
            f"{done.stderr.strip()}\n"
            "They are fetched once and kept in .cache/: run `make install` where the package index can be reached."
        )


def _tidy(installed: Path) -> None:
    shutil.rmtree(installed / "bin", ignore_errors=True)
    for trace in (file for info in installed.glob("*.dist-info") for file in info.iterdir()):
        if trace.name in _TRACES:
            trace.unlink()


if __name__ == "__main__":
    try:
        dependencies(Target())
    except OperatorError as error:
        sys.exit(str(error))
