"""A server before a server that fails on demand, for tests of what happens then."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

__all__ = ["Fault", "FaultyServer", "faulty_server"]

Kind = Literal["refused", "lost", "cut", "dropped", "slow"]


@dataclass
class Fault:
    """What goes wrong with some of the next requests.

    Attributes
    ----------
    kind
        ``"refused"``: it is answered with `status` and never arrives; ``"lost"``: it arrives, but
        the answer is `status`; ``"dropped"``: it arrives, and the connection ends without an
        answer; ``"cut"``: the answer ends in the middle; ``"slow"``: it arrives, and the answer
        takes `seconds`.
    times
        For how many requests.
    method, part
        Only requests of this method ("" for any) whose path holds this text.
    status, body
        What is answered instead.
    seconds
        How long a slow answer takes.
    meanwhile
        Called each time, before anything else.
    """

    kind: Kind
    times: int = 1
    method: str = ""
    part: str = ""
    status: int = 500
    body: bytes = b"<Error><Code>InternalError</Code></Error>"
    seconds: float = 0.0
    meanwhile: Callable[[], object] | None = None


class FaultyServer:
    """Forwards what it is asked to another server, but for planned faults.

    Attributes
    ----------
    address
        Where it listens, on this machine only.
    asked
        Method and path of every request so far.
    """

    def __init__(self, behind: str) -> None:
        self.address = ""
        self.asked: list[tuple[str, str]] = []
        self._behind = urlsplit(behind).netloc
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def plan(self, *faults: Fault) -> None:
        """Let faults happen; of several that fit a request the first does."""
        with self._lock:
            self._faults += faults

    def heal(self) -> None:
        """Forget all faults that are still planned."""
        with self._lock:
            self._faults.clear()

    def next_fault(self, method: str, path: str) -> Fault | None:
        """Note a request and return what is to go wrong with it."""
        with self._lock:
            self.asked.append((method, path))
            for fault in self._faults:
                if fault.method in ("", method) and fault.part in path and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Ask the server behind; return its status, headers and body."""
        connection = http.client.HTTPConnection(self._behind, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


@contextlib.contextmanager
def faulty_server(behind: str) -> Iterator[FaultyServer]:
    """Run a server before the one at the address `behind`."""
    faulty = FaultyServer(behind)

    class Handler(_Handler):
        server_before = faulty

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    faulty.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield faulty
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server_before: FaultyServer

    def _serve(self) -> None:
        faulty = self.server_before
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            return  # whoever asked gave up
        fault = faulty.next_fault(self.command, self.path)
        if fault and fault.meanwhile:
            fault.meanwhile()
        if fault and fault.kind == "refused":
            self._answer(fault.status, [], fault.body)
            return
        status, headers, answer = faulty.forward(self.command, self.path, dict(self.headers), body)
        if fault and fault.kind == "dropped":
            self.close_connection = True
            return
        if fault and fault.kind == "slow":
            time.sleep(fault.seconds)
        if fault and fault.kind == "lost":
            status, headers, answer = fault.status, [], fault.body
        self._answer(status, headers, answer, cut=fault is not None and fault.kind == "cut")

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes, *, cut: bool = False) -> None:
        with contextlib.suppress(OSError):  # whoever asked may have given up
            self.send_response(status)
            length = str(len(body))
            for name, value in headers:
                if name.lower() == "content-length":
                    length = value  # of the answer to HEAD
                elif name.lower() not in ("connection", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", length)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body[: len(body) // 2] if cut else body)
                self.wfile.flush()
        if cut:
            self.close_connection = True

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _serve  # noqa: N815  names that http.server asks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""
