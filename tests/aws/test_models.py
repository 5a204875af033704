"""Services are described to a client as botocore describes them, but found and read without its detours."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import loaders
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import JSONFileLoader, Loader

from defib.aws import clients
from defib.aws.clients import client
from defib.aws.models import Models, PlainFiles
from defib.core.policy import Calls

SERVICES = sorted(set(re.findall(r'Literal\["(.+?)"\]', Path(clients.__file__).read_text(encoding="utf-8"))))
"""All that the one place makes clients of."""
PARTS = ("service-2", "paginators-1", "waiters-2", "endpoint-rule-set-1")


@pytest.fixture
def no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process in which nothing has asked for a client yet, as a function's is at its first invocation."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


@pytest.mark.usefixtures("no_session")
def test_the_first_client_of_a_process_and_all_after_it_come_of_plain_dicts() -> None:
    first, second = client("sqs", Calls()), client("sns", Calls())

    assert type(first.meta.service_model.metadata) is dict
    assert type(second.meta.service_model.metadata) is dict


@pytest.mark.usefixtures("no_session")
def test_region_and_credentials_are_found_where_boto3_finds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-function")

    made: Any = client("sqs", Calls())

    assert made.meta.region_name == "eu-central-1"
    assert made._get_credentials().access_key == "of-the-function"
    assert client("sns", Calls(), "us-west-2").meta.region_name == "us-west-2"


@pytest.mark.usefixtures("no_session")
def test_models_are_looked_for_where_boto3_looks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    client("sqs", Calls())
    of_defib = _loader().search_paths
    boto3.setup_default_session()

    assert str(tmp_path) in of_defib
    assert of_defib == _loader().search_paths


def test_a_session_that_is_there_already_is_left_alone() -> None:
    there = boto3.DEFAULT_SESSION

    client("sqs", Calls())

    assert boto3.DEFAULT_SESSION is there


@pytest.mark.usefixtures("no_session")
@pytest.mark.parametrize("service", SERVICES)
def test_every_client_of_defib_can_be_made_so(service: str) -> None:
    made: Any = client(service, Calls())  # type: ignore[call-overload] # the table's strings are the literals

    assert type(made.meta.service_model.metadata) is dict
    assert made.meta.endpoint_url.startswith("https://")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_described_as_botocore_describes_it_member_by_member_in_order(service: str) -> None:
    version = Loader().determine_latest_version(service, "service-2")
    for part in PARTS:
        path = f"{Loader.BUILTIN_DATA_PATH}/{service}/{version}/{part}"

        assert json.dumps(PlainFiles().load_file(path)) == json.dumps(JSONFileLoader().load_file(path)), part


def test_what_a_newer_botocore_keeps_otherwise_is_read_by_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    later: Any = loaders
    monkeypatch.setitem(later._JSON_OPEN_METHODS, ".json.later", open)
    (tmp_path / "service-2.json.later").write_text('{"metadata": {}}')

    assert PlainFiles().load_file(str(tmp_path / "service-2")) == {"metadata": {}}


def test_a_model_that_is_not_there_is_none_of_botocores_errors() -> None:
    assert PlainFiles().load_file(f"{Loader.BUILTIN_DATA_PATH}/ec2/1999-01-01/service-2") is None


def test_what_is_no_service_is_called_so() -> None:
    with pytest.raises(UnknownServiceError, match="ec3"):
        Models().load_service_model("ec3", "service-2")


def test_a_service_without_the_kind_of_model_that_is_asked_for_is_called_so() -> None:
    with pytest.raises(DataNotFoundError, match="sqs"):
        Models().load_service_model("sqs", "waiters-2")


def test_every_service_that_botocore_knows_is_there() -> None:
    assert set(Loader().list_available_services("service-2")) <= set(Models().list_available_services("service-2"))


class Noting(PlainFiles):
    """Notes where a file was looked for."""

    def __init__(self) -> None:
        self.looked: set[str] = set()

    def exists(self, file_path: str) -> bool:
        self.looked.add(Path(file_path).parts[-3])
        return super().exists(file_path)


def test_no_folder_is_looked_into_but_that_of_the_service_that_is_asked_for() -> None:
    noting = Noting()

    Models(file_loader=noting).load_service_model("sqs", "service-2")

    assert noting.looked == {"sqs"}


def _loader() -> Loader:
    session: Any = boto3.DEFAULT_SESSION
    loader: Loader = session._session.get_component("data_loader")
    return loader
