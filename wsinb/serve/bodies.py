"""The members of a request's body, which nobody has checked yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wsinb.errors import InvalidInput
from wsinb.serve.messages import Request, TooLarge

__all__ = ["MAX_ITEMS", "MAX_MESSAGE", "MAX_WORD", "author_of", "check_id", "ids_of", "items", "member"]

MAX_ID = 128
MAX_ITEMS = 10_000
MAX_MESSAGE = 10_000
MAX_WORD = 1_024


def author_of(request: Request) -> str:
    """Return who is asking: the person who logged in, else the owner of the server."""
    from wsinb.versions import default_author

    return request.user or default_author()


def member(body: Mapping[str, Any], name: str, longest: int = 4096, default: str | None = None) -> str:
    """Return the text `name` of a request's body; raise InvalidInput where it is missing or no good."""
    value = body.get(name)
    if value is None:
        value = default
    if not isinstance(value, str) or not value.strip():
        raise InvalidInput(f"The request needs a text {name!r}.")
    if len(value) > longest:
        raise InvalidInput(f"The text {name!r} is longer than {longest} characters: shorten it.")
    if not _is_text(value):
        raise InvalidInput(f"The text {name!r} is not valid Unicode or holds NUL characters.")
    return value


def optional_member(body: Mapping[str, Any], name: str, longest: int = 4096) -> str | None:
    """Return the text `name` of a request's body, or None where it is missing or null."""
    return None if body.get(name) is None else member(body, name, longest)


def items(body: Mapping[str, Any], name: str) -> list[Any]:
    """Return the list `name` of a request's body, empty where it is missing."""
    found = body.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise InvalidInput(f"{name!r} must be a list.")
    if len(found) > MAX_ITEMS:
        raise TooLarge(f"{name!r} holds {len(found)} items: send at most {MAX_ITEMS} at once.")
    return found


def ids_of(body: Mapping[str, Any], name: str) -> list[str]:
    """Return the list `name` of ids in a request's body, empty where it is missing."""
    ids = items(body, name)
    for identifier in ids:
        check_id(identifier)
    return ids


def check_id(identifier: Any) -> None:
    """Raise InvalidInput where a value cannot be the id or key of a feature."""
    if not isinstance(identifier, str) or not 0 < len(identifier) <= MAX_ID or not _is_text(identifier):
        raise InvalidInput(f"An id must be a text of 1 to {MAX_ID} characters.")


def _is_text(value: str) -> bool:
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
