"""Addresses: which place they name, and what they may show."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wsinb.errors import InvalidInput, ProjectExists, SlideNotFound, UnknownProject
from wsinb.project import create_project, open_project
from wsinb.testing.slides import synthetic_slide
from wsinb.versions.storage.urls import Address, local_path


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ("study", "study"),
        (Path("/a/b"), "/a/b"),
        ("file:///a/my%20study", "/a/my study"),
        ("file://localhost/a", "/a"),
        ("C:\\study", "C:\\study"),
        ("a:b", "a:b"),
        ("file:study", "file:study"),
        ("s3://bucket/study", None),
        ("memory://x", None),
    ],
)
def test_paths_and_addresses_are_told_apart(place, path):
    assert local_path(place) == (None if path is None else Path(path))


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("s3://bucket/a/study/", ("s3", "bucket", "a/study", "study")),
        ("gs://bucket", ("gs", "bucket", "", "bucket")),
        ("az://container/study", ("az", "container", "study", "study")),
        ("memory://name", ("memory", "name", "", "name")),
    ],
)
def test_an_address_has_a_bucket_and_a_prefix(url, parts):
    address = Address.parse(url)
    assert (address.scheme, address.bucket, address.prefix, address.name) == parts
    assert address.url == url.rstrip("/")


@pytest.mark.parametrize("place", ["", None, 3, "file://server/a", b"x"])
def test_what_is_no_place_is_refused(place):
    with pytest.raises(InvalidInput, match=r"path|another machine"):
        open_project(place)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://host/study", "cannot hold a project: use a folder, or an address"),
        ("ftp://host/study", "cannot hold a project"),
        ("s3://", "write it like s3://bucket/study"),
        ("s3:///study", "write it like"),
        ("s3://bucket/../other", "write it like"),
        ("s3://bucket//study", "write it like"),
        ("s3://key:word@bucket/study", "write it like"),
        ("memory://", "write it like memory://bucket"),
        ("s3://bucket/study?regoin=x", "no option of s3:// 'regoin': did you mean 'region'"),
        ("memory://name?region=x", "no option 'region'"),
        ("s3://bucket/study?timeout=soon", "a number of seconds, not 'soon'"),
        ("s3://bucket/study?patience=-1", "a number of seconds"),
        ("az://container/study", "Account must be specified"),
    ],
)
def test_bad_addresses_are_refused_before_anything_is_sent(url, words, monkeypatch):
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    for use in (open_project, create_project):
        with pytest.raises(InvalidInput, match=words) as caught:
            use(url)
        assert "word@" not in str(caught.value)


def test_an_address_brings_one_back_and_shows_no_secret():
    options = {
        "endpoint": "http://127.0.0.1:9000/x?y",
        "region": "eu-central-1",
        "secret_access_key": "geheim",
        "session_token": "geheim",
        "timeout": 5,
        "virtual_hosted_style_request": True,
    }
    address = Address.parse("s3://bucket/study", options)
    assert "geheim" not in address.url
    assert "geheim" not in repr(address)
    again = Address.parse(address.url)
    assert again.url == address.url
    assert again.options == {
        name: str(value) for name, value in options.items() if not name.startswith(("secret", "session"))
    }
    assert Address.parse(address.url, {"region": "us-east-1"}).options["region"] == "us-east-1"


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("gs://bucket/study", {"skip_signature": True}),
        ("az://container/study", {"account_name": "account", "account_key": "a2V5"}),
        ("s3://bucket/study", {"region": "eu-central-1", "access_key_id": "a", "secret_access_key": "b"}),
        ("s3://bucket/study", {"endpoint": "https://minio.example", "client_options": {"user_agent": "x"}}),
    ],
)
def test_stores_of_every_provider_can_be_made(url, options):
    assert Address.parse(url, options).store(".wsinb").url == f"{url}/.wsinb"


def test_a_folder_takes_no_options(tmp_path):
    with pytest.raises(InvalidInput, match="takes no option 'region'"):
        create_project(tmp_path, region="x")


def test_a_file_address_is_a_folder(tmp_path):
    project = create_project(f"file://{tmp_path}/study")
    assert project.path == tmp_path / "study"
    assert project.url == str(tmp_path / "study")
    assert open_project(project.url).name == "study"


def test_a_project_in_no_folder_says_so(place_at):
    for kind in ("memory", "s3"):
        place = place_at(kind)
        with pytest.raises(UnknownProject, match=r"There is no project in .*: make one with create_project"):
            place.open()
        project = place.create()
        assert project.url == place.url
        with pytest.raises(InvalidInput, match=r"is in no folder: use project\.url"):
            _ = project.path
        assert place.url in repr(project)
        with pytest.raises(ProjectExists, match="already: open it with open_project"):
            place.create()
        assert place.open().head() == project.head()


def test_a_memory_belongs_to_its_process(place_at):
    place = place_at("memory")
    place.create()
    code = f"from wsinb.project import open_project\nopen_project({place.url!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "a memory lasts as long as the process that made it" in done.stderr


def test_slides_of_a_project_in_no_folder_are_stored_by_absolute_path(place_at, tmp_path, monkeypatch):
    synthetic_slide(tmp_path / "one.tif", size=(512, 512))
    monkeypatch.chdir(tmp_path)
    project = place_at("s3").create()
    entry = project.slides.add("one.tif")
    assert entry.path == (tmp_path / "one.tif").as_posix()
    assert project.slides.path("one") == tmp_path / "one.tif"
    with project.slides.open("one") as slide:
        assert tuple(slide.size) == entry.size


def test_a_folder_that_was_copied_to_a_bucket_opens_and_asks_where_its_slides_are(place_at, tmp_path):
    local = create_project(tmp_path / "study")
    synthetic_slide(tmp_path / "study" / "one.tif", size=(512, 512))
    local.slides.add(tmp_path / "study" / "one.tif")
    place = place_at("s3")
    store = place.store()
    for file in (tmp_path / "study" / ".wsinb").rglob("*"):
        if file.is_file():
            store.put_if_absent(file.relative_to(tmp_path / "study" / ".wsinb").as_posix(), file)
    project = place.open()
    assert project.head() == local.head()
    for use in (project.slides.path, project.slides.open):
        with pytest.raises(SlideNotFound, match=r"stored as one.tif.*slides\.relocate\('one', path\)"):
            use("one")
    project.slides.relocate("one", tmp_path / "study" / "one.tif")
    assert project.slides.path("one").is_file()


def test_without_the_package_one_is_told_what_to_install(tmp_path):
    code = "\n".join(
        [
            "import sys; sys.modules['obstore'] = None",
            "from wsinb.project import create_project, open_project",
            f"create_project({str(tmp_path / 'study')!r})",
            "open_project('s3://bucket/study')",
        ]
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "StorageError" in done.stderr
    assert "pip install 'wsinb[cloud]'" in done.stderr
    assert (tmp_path / "study" / ".wsinb").is_dir()
