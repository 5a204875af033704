"""The keys that links are signed with: the versions of one secret, of which AWS itself keeps the last two at hand.

A secret that gets a new value keeps the one before it as ``AWSPREVIOUS``, and the date of the new one says when the old
one was retired (Secrets Manager User Guide, "What's in a Secrets Manager secret?", versions).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from defib.answer.token import Key, key_id
from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.core.frozen import dataclass
from defib.shell.ports import Rejected

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from defib.shell.ports import Clock

PERMISSIONS = (Permission(("secretsmanager:GetSecretValue",), Scope.ANSWERS_SECRET),)

CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"
KEPT_FOR = timedelta(minutes=5)
"""How long a process goes on signing with a key after another has taken its place."""
ASKED_AGAIN_AFTER = timedelta(seconds=10)
"""How soon a key that is not known yet is looked for again: whoever makes keys up must not make Defib ask for each."""
SECRET_LEAST = 32
"""Characters: HMAC-SHA256 wants a key no shorter than its 32 bytes (RFC 2104, section 3)."""


class NewestKey:
    """Keeps the promises of ``answer.ports.Signing``. ``secrets`` makes the client, which few messages need.

    Raises Transient or Rejected; no error shows a value.
    """

    def __init__(self, secrets: Callable[[], SecretsManagerClient], secret: str, clock: Clock) -> None:
        self._make = secrets
        self._secret = secret
        self._clock = clock
        self._known: tuple[datetime, Key] | None = None

    def newest(self) -> Key:
        now = self._clock.now()
        if self._known is None or now - self._known[0] >= KEPT_FOR:
            secrets = self._make()
            with translated("reading the key of links"):
                found = secrets.get_secret_value(SecretId=self._secret, VersionStage=CURRENT)
            self._known = (now, _key(found["VersionId"], found["SecretString"]))
        return self._known[1]


@dataclass(frozen=True, slots=True)
class _Ring:
    """The keys as they were at ``read_at``."""

    read_at: datetime
    newest: Key
    newest_since: datetime
    previous: Key | None


class CountingKeys:
    """Keeps the promises of ``answer.ports.Keys``. ``link_life`` is how long a link can be used at most.

    Raises Transient or Rejected; no error shows a value.
    """

    def __init__(self, secrets: SecretsManagerClient, secret: str, clock: Clock, link_life: timedelta) -> None:
        self._secrets = secrets
        self._secret = secret
        self._clock = clock
        self._link_life = link_life
        self._known: _Ring | None = None

    def counting(self, key_id: str) -> Mapping[str, Key]:
        now = self._clock.now()
        known = self._known
        age = KEPT_FOR if known is None or key_id in _ids(known) else ASKED_AGAIN_AFTER
        if known is None or now - known.read_at >= age:
            known = self._known = self._read(now)
        keys = {known.newest.id: known.newest}
        # A link that was signed as late as possible with the key before must live as long as any other.
        if known.previous is not None and now < known.newest_since + KEPT_FOR + self._link_life:
            keys[known.previous.id] = known.previous
        return keys

    def _read(self, now: datetime) -> _Ring:
        with translated("reading the key of links"):
            current = self._secrets.get_secret_value(SecretId=self._secret, VersionStage=CURRENT)
        newest = _key(current["VersionId"], current["SecretString"])
        return _Ring(now, newest, current["CreatedDate"].astimezone(UTC), self._previous())

    def _previous(self) -> Key | None:
        try:
            with translated("reading the key of links before this one"):
                found = self._secrets.get_secret_value(SecretId=self._secret, VersionStage=PREVIOUS)
        except Rejected as error:
            # Until the first rotation there is none.
            if error.code == "ResourceNotFoundException":
                return None
            raise
        return _key(found["VersionId"], found["SecretString"])


def _ids(ring: _Ring) -> tuple[str, ...]:
    return tuple(key.id for key in (ring.newest, ring.previous) if key is not None)


def _key(version_id: str, secret: str) -> Key:
    stripped = secret.strip()
    if len(stripped) < SECRET_LEAST:
        must = f"must have at least {SECRET_LEAST} characters; docs/answering.md has the command that makes one"
        raise Rejected(f"the key of links has {len(stripped)} characters, {must}")
    return Key(key_id(version_id), stripped.encode())
