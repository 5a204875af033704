"""The command in docs/stashboard.md that changes the token's secret leaves one with which writes can be signed."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import msgspec

from defib.stashboard.oauth import Credentials
from infra.bundle import ROOT
from infra.stashboard import PUBLIC

TEXT = (ROOT / "docs" / "stashboard.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\w*\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
AWS = """#!/bin/sh
case "$*" in
  *get-random-password*) echo n3wSecret ;;
  *put-secret-value*) cat ;;
esac
"""


def test_the_command_that_changes_the_secret_leaves_the_client_all_but_the_secret(tmp_path: Path) -> None:
    (command,) = (block for block in BLOCKS if "put-secret-value" in block)
    stub = tmp_path / "aws"
    stub.write_text(AWS, encoding="utf-8")
    stub.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    kept = subprocess.run(["sh", "-c", command], env={"PATH": path}, capture_output=True, check=True).stdout

    assert msgspec.json.decode(kept, type=Credentials) == Credentials(**PUBLIC, token_secret="n3wSecret")
