"""Which build a document is of: one of another build is laid out anew at once, not when it is renewed."""

from __future__ import annotations

import hashlib
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"


def build() -> str:
    """The digest of all that documents are made of, their style and their script among it."""
    digest = hashlib.sha256()
    for path in sorted(TEMPLATES.iterdir()):
        digest.update(f"{path.name} {path.stat().st_size} ".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
