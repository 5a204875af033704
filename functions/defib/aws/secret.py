"""The secret that whoever writes to the page signs with. Read when it is needed, and kept for minutes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.shell.ports import Rejected
from defib.stashboard.oauth import Credentials

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from defib.shell.ports import Clock

PERMISSIONS = (Permission(("secretsmanager:GetSecretValue",), Scope.STASHBOARD_SECRET),)

KEPT_FOR = timedelta(minutes=5)
"""A secret that was changed counts after so long."""


class StashboardSecret:
    """Reads the credentials of the one consumer and its token. Raises Transient or Rejected; no error shows a value."""

    def __init__(self, secrets: SecretsManagerClient, secret: str, clock: Clock) -> None:
        self._secrets = secrets
        self._secret = secret
        self._clock = clock
        self._known: tuple[datetime, Credentials] | None = None

    def read(self) -> Credentials:
        now = self._clock.now()
        if self._known is not None and now - self._known[0] < KEPT_FOR:
            return self._known[1]
        with translated("reading the secret of the Stashboard API"):
            text = self._secrets.get_secret_value(SecretId=self._secret)["SecretString"]
        try:
            credentials = msgspec.json.decode(text, type=Credentials)
        except msgspec.MsgspecError:
            # What msgspec says may quote the value.
            needed = "a JSON object with consumer_key, consumer_secret, token and token_secret"
            raise Rejected(f"the secret of the Stashboard API is not {needed}") from None
        self._known = (now, credentials)
        return credentials
