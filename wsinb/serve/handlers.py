"""The tornado face of the request core: authentication, XSRF, threads; nothing else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from wsinb.serve.core import Core
from wsinb.serve.failures import failure_response
from wsinb.serve.messages import Request, Response, json_response
from wsinb.serve.routes import LANES, Lane, find_route

__all__ = ["CoreHandler", "Workers"]

MAX_WAITING = 2048


class Workers:
    """Bounded thread pools, one per lane; a request that nobody waits for any more is not begun."""

    def __init__(self, core: Core, threads: int) -> None:
        self.core = core
        self._pools: dict[Lane, ThreadPoolExecutor] = {
            lane: ThreadPoolExecutor(threads, thread_name_prefix=f"wsinb-{lane}") for lane in LANES
        }
        self._waiting = 0

    @property
    def full(self) -> bool:
        """Whether so many requests wait that no more are accepted."""
        return self._waiting >= MAX_WAITING

    def submit(self, lane: Lane, request: Request) -> Future[Response]:
        """Queue `request`; must be called in the event loop's thread."""
        self._waiting += 1
        return self._pools[lane].submit(self.core.handle, request)

    def load(self, work: Callable[[Core], object]) -> None:
        """Load modules in the background, before any request is answered.

        Two threads that load a package from different ends find it half loaded.
        """
        self.core.ready.clear()
        self._pools["data"].submit(self._load, work)

    def _load(self, work: Callable[[Core], object]) -> None:
        try:
            work(self.core)
        finally:
            self.core.ready.set()

    def finished(self) -> None:
        """Count one submitted request as answered or dropped."""
        self._waiting -= 1

    def close(self) -> None:
        """Drop what waits and close the core; what runs may finish, the event loop does not wait."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        self.core.ready.set()  # the loading may be what was dropped
        self.core.close()


class CoreHandler(APIHandler):
    """Passes every request below ``wsinb/api/`` to the core.

    Login, XSRF and origin checks are Jupyter's own.
    """

    auth_resource = "wsinb"
    _answer: Future[Response] | None = None

    def initialize(self, workers: Workers) -> None:
        """Take the workers that answer."""
        self.workers = workers

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """Answer a request that reads."""
        await self._respond(path)

    @web.authenticated
    @authorized
    async def head(self, path: str) -> None:
        """Refuse: no route answers to this verb."""
        await self._respond(path)

    @web.authenticated
    @authorized
    async def post(self, path: str) -> None:
        """Answer a request that writes."""
        await self._respond(path)

    @web.authenticated
    @authorized
    async def put(self, path: str) -> None:
        """Refuse: no route answers to this verb."""
        await self._respond(path)

    @web.authenticated
    @authorized
    async def patch(self, path: str) -> None:
        """Refuse: no route answers to this verb."""
        await self._respond(path)

    @web.authenticated
    @authorized
    async def delete(self, path: str) -> None:
        """Refuse: no route answers to this verb."""
        await self._respond(path)

    def on_connection_close(self) -> None:
        """Drop the request if no worker has begun with it."""
        if self._answer is not None:
            self._answer.cancel()
        super().on_connection_close()

    def compute_etag(self) -> str | None:
        """Leave ETags to the core: tornado would hash every body."""
        return None

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write errors that arise before the core in the same JSON form as its own."""
        error = kwargs.get("exc_info", (None, None))[1]
        sentence = getattr(error, "log_message", None) or f"The request was refused: status {status_code}."
        kind = "RequestRefused" if status_code < 500 else "ServerError"
        self._send(json_response({"error": sentence, "kind": kind}, status_code))

    async def _respond(self, path: str) -> None:
        request = self._request(path)
        try:
            route, _ = find_route(request.method, request.route)
            self._track_activity = route.activity
        except Exception as error:  # noqa: BLE001 - becomes an answer
            self._send(failure_response(error))
            return
        if self.workers.full:
            busy = {"error": "The server has too many requests waiting: try again.", "kind": "Busy"}
            self._send(json_response(busy, 503))
            return
        self._answer = self.workers.submit(route.lane, request)
        try:
            response = await asyncio.wrap_future(self._answer)
        except (CancelledError, asyncio.CancelledError):
            return
        finally:
            self.workers.finished()
        self._send(response)

    def _request(self, path: str) -> Request:
        headers, arguments = self.request.headers, self.request.query_arguments
        return Request(
            method=self.request.method or "GET",
            route=path,
            # not get_query_argument: it turns control characters into spaces
            query={name: self.decode_argument(values[-1], name) for name, values in arguments.items()},
            body=self.request.body,
            user=_person(self.current_user),
            if_none_match=headers.get("If-None-Match", ""),
            accepts_gzip="gzip" in headers.get("Accept-Encoding", ""),
        )

    def _send(self, response: Response) -> None:
        self.set_status(response.status)
        for name, value in response.headers.items():
            if name != "Content-Type":
                self.set_header(name, value)
        kind = response.headers.get("Content-Type", "application/json")
        self.finish(response.body or None, set_content_type=kind)


def _person(user: Any) -> str | None:
    """Return the name of a person who logged in by name; token and password logins have made-up names."""
    name = str(user.username)
    made_up = re.fullmatch(r"[0-9a-f]{32}", name) and str(user.name).startswith("Anonymous ")
    return None if made_up else name
