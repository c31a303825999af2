"""A real S3 server on this machine, for tests of projects in object stores; it needs ``moto[server]``."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = ["BUCKET", "ENVIRONMENT", "running_s3"]

BUCKET = "wsinb"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
}
"""What a client of the server needs in its environment."""


@contextlib.contextmanager
def running_s3() -> Iterator[str]:
    """Run a server in a process of its own, with one empty bucket `BUCKET`; give its address.

    It keeps everything in memory, and answers conditional puts as S3 does.
    """
    command = [sys.executable, "-m", "wsinb.testing.s3"]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        port = server.stdout.readline().strip()
        if not port:
            raise RuntimeError("The S3 server did not start: install it with pip install 'moto[server]'.")
        address = f"http://127.0.0.1:{port}"
        make = urllib.request.Request(f"{address}/{BUCKET}", method="PUT")  # noqa: S310  loopback
        urllib.request.urlopen(make, timeout=30).close()  # noqa: S310
        yield address
    finally:
        server.stdin.close()  # at which it ends, also when this process is killed
        server.wait(timeout=30)


def _main() -> None:
    """Serve until the standard input ends; print the port."""
    import logging

    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    app = DomainDispatcherApplication(create_backend_app)
    one_at_a_time = threading.Lock()

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        # moto looks for a key and puts it in two steps, between which another put must not come
        with one_at_a_time:
            return [b"".join(app(environ, start_response))]

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, serve, threaded=True, request_handler=MotoRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.port, flush=True)  # noqa: T201
    sys.stdin.read()


if __name__ == "__main__":
    _main()
