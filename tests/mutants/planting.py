"""A copy of the tree, in which one mutant at a time is planted and taken out again."""

from __future__ import annotations

import compileall
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.table import ROOT, Mutant

COPIED = ("functions", "infra", "sim", "tests", "scenarios", "docs", ".ci")
COMPILED = ("functions", "infra", "sim", "tests")
LINKED = (".venv", ".cache")
"""What is installed there, none of which is Defib's."""
LEFT_OUT = (".hypothesis", ".pytest_cache", ".mypy_cache")


@dataclass(frozen=True, slots=True)
class Tree:
    """The copy."""

    root: Path

    def environment(self) -> Mapping[str, str]:
        """Of a process that runs the copy's code, and leaves none of it compiled behind: a file that has been put back
        could be as long and as old as the mutant, and Python would run that.
        """
        path = os.pathsep.join((str(self.root), str(self.root / "functions")))
        return {
            **os.environ,
            "PYTHONPATH": path,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            # No catcher needs any, and they take longer to import than many a catcher to run.
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }

    def twin(self, into: Path) -> Tree:
        """Another copy, with all that is compiled in this one; ``into`` must not be there yet."""
        return Tree(Path(shutil.copytree(self.root, into, symlinks=True)))

    @contextmanager
    def with_planted(self, mutant: Mutant) -> Iterator[None]:
        """Plant it for a while. Raises MutantError when its text isn't there exactly once."""
        file = self.root / mutant.file
        before, stat = file.read_text(encoding="utf-8"), file.stat()
        file.write_text(mutant.planted(before), encoding="utf-8")
        # A file that differs in time from what was compiled is compiled anew, even where its length is the same.
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 2_000_000_000))
        try:
            yield
        finally:
            file.write_text(before, encoding="utf-8")
            os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def copied(into: Path) -> Tree:
    """The tree of this repository, copied into the empty directory ``into``."""
    for name in COPIED:
        shutil.copytree(ROOT / name, into / name, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    for file in ROOT.iterdir():
        if file.is_file() and file.name != ".git":
            shutil.copy2(file, into / file.name)
    for name in LINKED:
        if (ROOT / name).exists():
            (into / name).symlink_to((ROOT / name).resolve())
    for name in COMPILED:
        # Once, for all the processes that run it.
        compileall.compile_dir(into / name, quiet=2)
    return Tree(into)
