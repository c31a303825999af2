"""What goes into the request core and what comes out of it, whatever carries it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wsinb.errors import InvalidInput

__all__ = ["MethodNotAllowed", "NotServed", "Request", "Response", "TooLarge", "json_response"]

IMMUTABLE = "private, max-age=31536000, immutable"
REVALIDATE = "private, no-cache"
MAX_BODY_BYTES = 32 << 20
MAX_TEXT = 4096


class NotServed(InvalidInput):
    """There is nothing at the address that was asked for."""


class MethodNotAllowed(InvalidInput):
    """The address does not answer to this verb."""


class TooLarge(InvalidInput):
    """The request holds more than the server accepts at once."""


@dataclass(frozen=True)
class Request:
    """One request, independent of what carried it.

    Parameters
    ----------
    method
        HTTP verb, in capitals.
    route
        Path below ``wsinb/api/``, such as ``tile/-2/0/1``.
    query
        Query parameters; of one that is given twice the last counts.
    body
        The body's bytes; JSON where a route reads it.
    user
        Name of the authenticated person, or None where the login does not tell it.
    if_none_match
        ETags that the asker already holds, as in the header of that name.
    accepts_gzip
        Whether the answer may be compressed.
    """

    method: str
    route: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    user: str | None = None
    if_none_match: str = ""
    accepts_gzip: bool = False

    def text(self, name: str) -> str:
        """Return the query parameter `name`; raise InvalidInput where it is missing, empty or very long."""
        value = self.optional_text(name)
        if value is None:
            raise InvalidInput(f"The request lacks the query parameter {name!r}: add it.")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return the query parameter `name`, or None where it is missing or empty."""
        value = self.query.get(name) or None
        if value is not None and len(value) > MAX_TEXT:
            raise InvalidInput(f"The query parameter {name!r} exceeds {MAX_TEXT} characters: shorten it.")
        return value

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """Return the query parameter `name` as a number from `low` to `high`, or `default`."""
        value = self.optional_text(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and len(value) < 10 and low <= int(value) <= high):
            raise InvalidInput(f"The query parameter {name!r} must be a whole number from {low} to {high}.")
        return int(value)

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object; raise InvalidInput or TooLarge where it is none."""
        if len(self.body) > MAX_BODY_BYTES:
            raise TooLarge(f"The request's body exceeds {MAX_BODY_BYTES >> 20} MB: send it in several parts.")
        try:
            value = json.loads(self.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            reason = str(error) if len(str(error)) <= 100 else "it cannot be parsed"
            raise InvalidInput(
                f"The request's body is not valid JSON ({reason}): send a JSON object."
            ) from error
        if not isinstance(value, dict):
            raise InvalidInput("The request's body must be a JSON object.")
        return value

    def holds(self, etag: str) -> bool:
        """Tell whether the asker already holds the content called `etag`."""
        held = [part.strip().removeprefix("W/") for part in self.if_none_match.split(",")]
        return etag in held


@dataclass(frozen=True)
class Response:
    """One answer: an HTTP status, headers and the body's bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


def json_response(value: object, status: int = 200) -> Response:
    """Answer with `value` as JSON, which is never taken from a cache."""
    body = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    headers = {"Content-Type": "application/json", "Cache-Control": REVALIDATE}
    return Response(status, headers, body.encode("utf-8", "replace"))


def not_modified(etag: str, cache_control: str) -> Response:
    """Answer that the asker's copy is still good."""
    return Response(304, {"ETag": etag, "Cache-Control": cache_control})


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
