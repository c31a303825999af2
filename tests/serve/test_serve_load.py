"""Many clients at once, and clients that go away."""

from __future__ import annotations

import socket
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely

import wsinb

CLIENTS = 50
SECONDS = 3.0


@pytest.fixture(scope="module")
def study(server, slide_file):
    """A project with some thousand outlines, as query parameters."""
    folder = f"load-{uuid.uuid4().hex[:8]}"
    project = wsinb.create_project(server.root / folder)
    project.slides.add(slide_file, name="one")
    project.labels.add(wsinb.Label("cell"))
    rng = np.random.default_rng(0)
    shapes = shapely.buffer(shapely.points(rng.uniform(0, 1600, (4000, 2))), 6)
    session = project.session()
    session["one"].upsert(wsinb.new_annotations(shapes, label="cell"))
    session.commit("outlines")
    return {"project": folder, "slide": "one"}


def addresses(server, study):
    head = server.get("slide", study).json["project"]["head"]
    image = [f"tile/{z}/{x}/{y}" for z in (-2, -1, 0) for x in range(2) for y in range(1)]
    vector = [f"vector/{head}/{z}/{x}/{y}" for z in (-2, -1, 0) for x in range(2) for y in range(2)]
    return [*image, *vector, "vector/meta", "slide", "log", "thumbnail"]


def test_fifty_clients_get_no_error(server, study):
    routes = addresses(server, study)

    def client(number):
        statuses, end = [], time.monotonic() + SECONDS
        while time.monotonic() < end:
            route = routes[(number + len(statuses)) % len(routes)]
            statuses.append(server.get(route, study).status)
        return statuses

    with ThreadPoolExecutor(CLIENTS) as pool:
        statuses = [status for each in pool.map(client, range(CLIENTS)) for status in each]
    assert set(statuses) == {200}
    assert len(statuses) > CLIENTS


def test_the_server_logs_no_traceback(server, study):
    words = server.log.read_text()
    assert "Traceback" not in words
    assert "failed unexpectedly" not in words


@pytest.fixture(scope="module")
def narrow(server, slide_file, server_starter, tmp_path_factory):
    """A server at the root of its host, with one thread a lane, on the same folder."""
    home = tmp_path_factory.mktemp("narrow")
    process, narrow = server_starter(server.root, "/", home, "--WsinbExtension.threads=1")
    yield narrow
    process.terminate()
    process.wait(20)


def test_a_server_without_a_prefix_answers_too(narrow):
    assert narrow.get("tile/0/0/0", {"path": "slides/example.tif"}).status == 200


def test_work_for_clients_that_went_away_is_not_done(narrow):
    path = "slides/example.tif"

    def thumbnail(size):
        return narrow.get("thumbnail", {"path": path, "size": size}).status

    start = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(thumbnail, range(1000, 1040))) == {200}
    waited = time.monotonic() - start

    start = time.monotonic()
    for size in range(1100, 1140):
        with socket.create_connection(("127.0.0.1", narrow.port)) as connection:
            line = f"GET /wsinb/api/thumbnail?path={path}&size={size} HTTP/1.1"
            head = f"{line}\r\nHost: 127.0.0.1\r\nAuthorization: token {narrow.token}\r\n\r\n"
            connection.sendall(head.encode())
    assert thumbnail(1200) == 200
    assert time.monotonic() - start < waited / 2
