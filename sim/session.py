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

ENVIRONMENT = {
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    # Moto's own images and their thousand snapshots take longer to load than a replay lasts.
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
}


def new_session() -> BotocoreSession:
    """A session of its own, for its own hooks, but with the API models that an earlier world has loaded."""
    session = get_session()
    session.register_component("data_loader", MODELS)
    return session


@contextmanager
def environment() -> Iterator[None]:
    """Within it, this process has the variables of ENVIRONMENT; then those that it had before."""
    saved = {name: os.environ.get(name) for name in ENVIRONMENT}
    os.environ.update(ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
