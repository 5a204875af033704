"""Secrets of Secrets Manager. Read when they are needed, and kept for minutes; no error shows a value."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.shell.ports import Rejected

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from defib.shell.ports import Clock

PERMISSIONS = (Permission(("secretsmanager:GetSecretValue",), Scope.STASHBOARD_SECRET),)
OF_OTHER_PAGE = (Permission(("secretsmanager:GetSecretValue",), Scope.OTHER_PAGE_SECRET),)

SECRET_MOST = 16 * 1024
"""Characters of a secret; Secrets Manager keeps up to 65,536 bytes (Secrets Manager API, GetSecretValue)."""
KEPT_FOR = timedelta(minutes=5)
"""A secret that was changed counts after so long."""

T = TypeVar("T", bound="DataclassInstance")


class Secret(Generic[T]):
    """Reads the secret ``name``, a JSON object with the fields of ``shape``. Raises Transient or Rejected.

    ``called`` is what people call it.
    """

    def __init__(self, secrets: SecretsManagerClient, name: str, shape: type[T], called: str, clock: Clock) -> None:
        self._secrets = secrets
        self._name = name
        self._shape = shape
        self._called = called
        self._clock = clock
        self._known: tuple[datetime, T] | None = None

    def read(self) -> T:
        now = self._clock.now()
        if self._known is not None and now - self._known[0] < KEPT_FOR:
            return self._known[1]
        with translated(f"reading {self._called}"):
            text = self._secrets.get_secret_value(SecretId=self._name).get("SecretString", "")
        needed = ", ".join(field.name for field in fields(self._shape))
        if len(text) > SECRET_MOST:
            raise Rejected(f"{self._called} must be a JSON object with {needed}, of at most {SECRET_MOST} characters")
        try:
            value = msgspec.json.decode(text, type=self._shape)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            # What these say may quote the value.
            raise Rejected(f"{self._called} must be a JSON object with {needed}") from None
        self._known = (now, value)
        return value
