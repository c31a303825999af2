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


def test_clients_that_go_away_leave_the_server_well(server, study):
    routes = [route for route in addresses(server, study) if route.startswith("tile")]
    for number in range(200):
        query = f"project={study['project']}&slide=one&nocache={number}"
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            address = f"{server.base_url}wsinb/api/{routes[number % len(routes)]}?{query}"
            head = f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: token {server.token}\r\n\r\n"
            connection.sendall(head.encode())
    start = time.monotonic()
    assert server.get("tile/0/0/0", study).status == 200
    assert time.monotonic() - start < 10
    words = server.log.read_text()
    assert "Traceback" not in words
    assert "failed unexpectedly" not in words
