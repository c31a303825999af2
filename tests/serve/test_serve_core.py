"""The request core without HTTP, and the errors as answers."""

from __future__ import annotations

import errno
import json

import numpy as np
import pytest

import wsinb.errors
from wsinb.errors import StorageError, WsinbError
from wsinb.serve import Core, Request, Settings
from wsinb.serve.edits import author_of
from wsinb.serve.failures import failure_response, status_of
from wsinb.serve.handlers import _person
from wsinb.tiles import write_pyramid


@pytest.fixture
def core(tmp_path):
    write_pyramid(np.full((400, 600, 3), 120, np.uint8), tmp_path / "a.tif", mpp=0.5)
    core = Core(Settings(tmp_path))
    yield core
    core.close()


def test_the_core_answers_without_a_server(core):
    slide = json.loads(core.handle(Request("GET", "slide", {"path": "a.tif"})).body)
    assert (slide["width"], slide["height"], slide["min_zoom"]) == (600, 400, -1)
    tile = core.handle(Request("GET", "tile/-1/0/0", {"path": "a.tif"}))
    assert (tile.status, tile.headers["Content-Type"]) == (200, "image/jpeg")


def test_the_core_answers_after_it_was_closed(core):
    core.handle(Request("GET", "slide", {"path": "a.tif"}))
    core.close()
    assert core.handle(Request("GET", "slide", {"path": "a.tif"})).status == 200


def test_a_bug_is_answered_without_its_words(core, monkeypatch, caplog):
    def broken(identity):
        raise RuntimeError("secret of the server")

    monkeypatch.setattr(core.slides, "lease", broken)
    response = core.handle(Request("GET", "slide", {"path": "a.tif"}))
    assert response.status == 500
    assert b"secret" not in response.body
    assert "secret" in caplog.text


ERRORS = [getattr(wsinb.errors, name) for name in wsinb.errors.__all__]


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_has_a_status_and_its_sentence(kind):
    response = failure_response(kind("What is wrong, and the remedy."))
    assert json.loads(response.body) == {"error": "What is wrong, and the remedy.", "kind": kind.__name__}
    expected_500 = {"WsinbError", "JobFailed", "StorageError"}  # a store that is damaged or too new
    assert (response.status == 500) == (kind.__name__ in expected_500)


@pytest.mark.parametrize(("number", "status"), [(errno.ENOSPC, 507), (errno.EROFS, 403), (errno.EACCES, 403)])
def test_a_store_that_cannot_be_written_says_why(number, status):
    error = StorageError("The store cannot be written.")
    error.__cause__ = OSError(number, "words of the system")
    assert status_of(error) == status


def test_unknown_errors_of_wsinb_are_500():
    assert status_of(WsinbError("x")) == 500


class Person:
    def __init__(self, username, name):
        self.username, self.name = username, name


def test_the_author_is_who_logged_in(monkeypatch):
    monkeypatch.setenv("WSINB_AUTHOR", "owner")
    named = _person(Person("alice", "Alice"))
    made_up = _person(Person("0123456789abcdef0123456789abcdef", "Anonymous Europa"))
    assert author_of(Request("POST", "commit", user=named)) == "alice"
    assert author_of(Request("POST", "commit", user=made_up)) == "owner"


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ("*", False),
        ('"b"', False),
        ("", False),
        ("a", False),
    ],
)
def test_etags_are_compared_as_http_says(held, expected):
    assert Request("GET", "x", if_none_match=held).holds('"a"') is expected
