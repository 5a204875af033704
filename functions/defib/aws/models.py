"""The session whose clients are made quickly: botocore's descriptions of services, read into plain dicts."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.loaders import JSONFileLoader
from botocore.session import get_session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.session import Session

UNPACKED: Mapping[str, Callable[[bytes], bytes]] = {".json": bytes, ".json.gz": gzip.decompress}
"""By the extensions of botocore's files, in the order in which it looks (botocore, ``loaders.JSONFileLoader``)."""


class PlainFiles(JSONFileLoader):
    """Reads as botocore does, but for its OrderedDict, which takes twice as long: a dict keeps its order, too."""

    def load_file(self, file_path: str) -> Any:
        """The document in ``file_path``, named without its extension; None if there is none. Raises DecodeError."""
        for extension, unpacked in UNPACKED.items():
            try:
                return msgspec.json.decode(unpacked(Path(file_path + extension).read_bytes()))
            except FileNotFoundError:
                continue
        return None


def new_session() -> Session:
    """A session like botocore's default one: models are found (AWS_DATA_PATH, too), credentials and Region as there."""
    session = get_session()
    session.get_component("data_loader").file_loader = PlainFiles()
    return session
