"""The places that versions live in: a folder, memory, and a real S3 server on this machine."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from wsinb.project import Project, create_project, open_project
from wsinb.testing.entries import add_slides
from wsinb.testing.s3 import BUCKET, ENVIRONMENT, running_s3
from wsinb.versions import PosixStore, Store
from wsinb.versions.storage.urls import Address

pytest.register_assert_rewrite("wsinb.testing.stores")


@dataclass(frozen=True)
class Place:
    """A place for one project; its address is enough also for another process."""

    kind: str
    url: str

    def create(self, *slides: str) -> Project:
        """Make the project, with slides that have no files."""
        project = create_project(self.url, "A study")
        if slides:
            add_slides(project, *slides)
        return project

    def open(self) -> Project:
        """Open the project afresh."""
        return open_project(self.url)

    def store(self) -> Store:
        """Open the store of the project afresh, or an empty one."""
        if self.kind == "posix":
            return PosixStore(Path(self.url) / ".wsinb")
        return Address.parse(self.url).store(".wsinb")


@pytest.fixture(scope="session", autouse=True)
def own_journals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep journals of projects in object stores out of the data folder of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a real S3 server, one for the whole run; the environment has what clients need."""
    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    os.environ.update(ENVIRONMENT)
    with running_s3() as address:
        yield address
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


@pytest.fixture
def place_at(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Place]:
    """Make a new place of a kind: "posix", "memory" or "s3"; other words become options of the address."""

    def make(kind: str, **options: Any) -> Place:
        name = uuid.uuid4().hex
        if kind == "posix":
            return Place(kind, str(tmp_path / name))
        if kind == "memory":
            return Place(kind, f"memory://{name}")
        options = {"endpoint": request.getfixturevalue("s3_server"), **options}
        return Place(kind, Address("s3", BUCKET, name, options).url)

    return make


@pytest.fixture(params=["posix", "memory", "s3"])
def place(request: pytest.FixtureRequest, place_at: Callable[..., Place]) -> Place:
    """A new place of every kind."""
    return place_at(request.param)


@pytest.fixture(params=["posix", "s3"])
def shared_place(request: pytest.FixtureRequest, place_at: Callable[..., Place]) -> Place:
    """A new place of every kind that several processes can use."""
    return place_at(request.param)


@pytest.fixture
def project_at(place: Place) -> Callable[..., Project]:
    """Make a project with slides of these names, in a new place of every kind."""
    return place.create
