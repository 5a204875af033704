"""What the secrets of other pages hold, by what speaks there. Never in a log, an error or the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TypeVar

from defib.core.frozen import dataclass

T = TypeVar("T")
Read = Callable[[], T]
"""Reads a secret; raises Transient or Rejected."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Of Statuspage, Cachet and Instatus."""

    api_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Of a webhook: what both sides know."""

    signing_key: str = field(repr=False)
