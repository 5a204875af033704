"""What boto3 and moto find around them in a world: a session of its own, and environment variables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.session import Session as BotocoreSession
from botocore.session import get_session

from defib.aws.models import Models
from sim.template import REGION

MODELS = Models()
"""Parsed once in a process, as the functions parse them: EC2's alone takes a tenth of a second."""

PREFIX = "AWS_"
"""Of the variables that steer AWS's SDKs. None that the operator has set counts in a replay: a profile that is not
there would end it, and calls to other endpoints, such as those of dual stack, moto lets out."""

ENVIRONMENT = {
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    # Endpoints and credentials may stand in the operator's files, too.
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    # Moto's own images and their thousand snapshots take longer to load than a replay lasts.
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
}


def new_session() -> BotocoreSession:
    """A session of its own, for its own hooks, but with the API models that an earlier world has loaded."""
    session = get_session()
    session.register_component("data_loader", MODELS)
    return session


def seal() -> None:
    """Take what the operator has set of AWS's variables from this process for good, and read no file of theirs."""
    for name in _ours():
        del os.environ[name]
    os.environ.update(ENVIRONMENT)


@contextmanager
def environment() -> Iterator[None]:
    """Within it, this process has the variables of ENVIRONMENT and no other of AWS's; then those that it had before."""
    saved = _ours()
    seal()
    try:
        yield
    finally:
        for name in _ours():
            del os.environ[name]
        os.environ.update(saved)


def _ours() -> dict[str, str]:
    """The variables that a world replaces, as they are."""
    return {name: value for name, value in os.environ.items() if name.startswith(PREFIX) or name in ENVIRONMENT}
