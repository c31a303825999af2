"""A real Jupyter server in its own process, and clients for it."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest

TOKEN = "a-token-of-the-tests"
START_SECONDS = 60


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Server:
    """Speaks to a Jupyter server; `token` None sends no credentials."""

    port: int
    base_url: str
    root: Path
    token: str | None = TOKEN
    headers: dict[str, str] = field(default_factory=dict)

    def request(self, method, route, query=None, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        sent = {**self.headers, **(headers or {})}
        if self.token is not None:
            sent["Authorization"] = f"token {self.token}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        address = f"{self.base_url}wsinb/api/{route}"
        if query:
            address += "?" + urlencode(query)
        try:
            connection.request(method, address, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, route, query=None, headers=None):
        return self.request("GET", route, query, headers=headers)

    def post(self, route, body):
        return self.request("POST", route, body=body)

    def head(self, study):
        return self.get("slide", study).json["project"]["head"]

    def commit(self, study, upsert=(), delete=(), base=None, **members):
        edits = {"upsert": list(upsert), "delete": list(delete)}
        body = {**study, "branch": "main", "base": base or self.head(study), "message": "drawn", **edits}
        return self.post("commit", {**body, **members})

    def anonymous(self):
        return Server(self.port, self.base_url, self.root, token=None)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_server(root, base_url, home, *options):
    """Start a Jupyter server on `root`; return its process and a client once it answers."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    environment |= {
        "JUPYTER_NO_CONFIG": "1",
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "WSINB_AUTHOR": "owner-of-the-server",
    }
    command = [
        *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
        *(f"--port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}"),
        *(f"--ServerApp.base_url={base_url}", f"--IdentityProvider.token={TOKEN}"),
        *("--ServerApp.jpserver_extensions", "wsinb=True"),
        *options,
    ]
    log = (home / "server.log").open("wb")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    server = Server(port, base_url, root)
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if server.get("version").status == 200:
                return process, server
        except OSError:
            time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"the server did not start:\n{(home / 'server.log').read_text()[-4000:]}")


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A server below ``/user/alice/``, as a hub starts it, whose root folder is empty at first."""
    home = tmp_path_factory.mktemp("home")
    root = tmp_path_factory.mktemp("root")
    extra = tmp_path_factory.mktemp("extra")
    process, server = start_server(root, "/user/alice/", home, f"--WsinbExtension.roots={extra}")
    server.extra = extra
    server.log = home / "server.log"
    yield server
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="session")
def server_starter():
    return start_server


def texture(height, width):
    """Return an image in which every place looks different."""
    y, x = np.mgrid[:height, :width]
    red = x * 255 // max(1, width - 1)
    green = y * 255 // max(1, height - 1)
    blue = ((x // 64 + y // 64) % 2) * 120
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


@pytest.fixture(scope="session")
def slide_file(server):
    """A pyramid of 2500 x 1700 px below the server's root, and its pixels."""
    from wsinb.tiles import write_pyramid

    path = server.root / "slides" / "example.tif"
    path.parent.mkdir()
    write_pyramid(texture(1700, 2500), path, mpp=0.5, quality=89)
    return path


@pytest.fixture
def study(server, slide_file):
    """A fresh project with one slide and one label, as query parameters."""
    folder = f"study-{uuid.uuid4().hex[:8]}"
    answer = server.post("project", {"folder": folder, "path": "slides/example.tif", "slide": "one"})
    assert answer.status == 200, answer.body
    answer = server.post("labels", {"project": folder, "labels": [{"name": "tumor", "color": "#aa0000"}]})
    assert answer.status == 200, answer.body
    return {"project": folder, "slide": "one"}
