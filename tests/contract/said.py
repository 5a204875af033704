"""What was said, with names for ids, so that one world's answer can be held against another's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from tests.contract.ports import Ports

UNNAMED = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/pool/"
"""How the ARN begins that no policy names: AWS makes up the rest."""
NOT_IN_MEMORY = "addresses"
"""By which moto finds out what memory says at once: that a target group has one of them (``by_address``)."""
Said = Any
"""Dictionaries, lists and plain values."""


def said(value: object, ports: Ports) -> Said:
    """The value in plain words. Times are seconds since the start."""
    return _said(value, ports.names(), ports.start)


def _said(value: object, names: Mapping[str, str], start: datetime) -> Said:
    match value:
        case datetime():
            return (value - start) / timedelta(seconds=1)
        case Enum():
            return value.value
        case str():
            return UNNAMED if value.startswith(UNNAMED) else names.get(value, value)
        case Mapping():
            return {_said(key, names, start): _said(one, names, start) for key, one in value.items()}
        case frozenset():
            return sorted(_said(one, names, start) for one in value)
        case tuple() | list():
            return [_said(one, names, start) for one in value]
        case _ if is_dataclass(value):
            compared = (field.name for field in fields(value) if field.name != NOT_IN_MEMORY)
            return {name: _said(getattr(value, name), names, start) for name in compared}
    return value


def differences(one: Said, other: Said, where: str = "") -> list[str]:
    """Where two differ, and what each says there."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted({*one, *other}, key=str)
        found = (differences(one.get(key), other.get(key), f"{where}.{key}") for key in keys)
        return [line for lines in found for line in lines]
    return [] if one == other else [f"{where}: {one} or {other}"]
