"""The session whose clients are made quickly: botocore's descriptions of services, found and read without detours."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.loaders import JSONFileLoader, Loader
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
        # Lambda's runtime renews its botocore by itself, and a newer one may keep its models otherwise.
        return super().load_file(file_path)


class Models(Loader):
    """Finds as botocore does, but looks into no service's folder until that service is asked for."""

    FILE_LOADER_CLASS = PlainFiles

    def list_available_services(self, type_name: str) -> list[str]:
        """Every service there is, whether or not it has a ``type_name``.

        The first client asks it of two types, only to see that its service exists, and botocore's own answer to each
        takes a look into all of four hundred folders. One without the type raises DataNotFoundError when it is loaded.
        """
        del type_name
        folders = [path for path in self.search_paths if Path(path).is_dir()]
        return sorted({entry.name for path in folders for entry in os.scandir(path) if entry.is_dir()})


def new_session() -> Session:
    """A session like botocore's default one: models are found (AWS_DATA_PATH, too), credentials and Region as there."""
    session = get_session()
    paths = session.get_component("data_loader").search_paths
    session.register_component("data_loader", Models(paths, include_default_search_paths=False))
    return session
