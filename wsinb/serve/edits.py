"""Committing what was drawn, edited and deleted in the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput
from wsinb.serve.messages import Request, Response, TooLarge, json_response
from wsinb.serve.sources import project_source

if TYPE_CHECKING:
    from wsinb.serve.core import Core

__all__ = ["author_of", "member", "post_commit"]

MAX_FEATURES = 10_000
MAX_ID = 128
MAX_MESSAGE = 10_000
MAX_WORD = 1_024


def post_commit(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Commit features on top of the commit that the browser has read.

    If the branch has moved since, the edits go on top of its head where they touch other
    annotations; where they touch the same ones, `Conflict` and nothing is written.
    """
    from wsinb.annotate import from_features

    body = request.json()
    upsert, delete = _features(body), _deletions(body)
    if not upsert and not delete:
        raise InvalidInput("There is nothing to commit: give features in 'upsert' or ids in 'delete'.")
    base = member(body, "base", MAX_WORD)
    branch = member(body, "branch", MAX_WORD, default="main")
    message = member(body, "message", MAX_MESSAGE, default="Edited in the viewer")
    source = project_source(core, member(body, "project"), member(body, "slide", MAX_WORD))
    assert source.project is not None
    assert source.entry is not None
    session = source.project.session(branch, author=author_of(request), base=base)
    edits = session[source.entry.name]
    ids = edits.upsert(from_features(upsert)) if upsert else []
    if delete:
        edits.delete(delete)
    commit = session.commit(message)
    return json_response({"commit": commit.id, "ids": list(ids)})


def author_of(request: Request) -> str:
    """Return who is committing: the person who logged in, else the owner of the server."""
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


def _features(body: Mapping[str, Any]) -> list[Any]:
    features = _items(body, "upsert")
    for feature in features:
        identifier = feature.get("id") if isinstance(feature, dict) else None
        if identifier is not None:
            _check_id(identifier)
    return features


def _deletions(body: Mapping[str, Any]) -> list[str]:
    ids = _items(body, "delete")
    for identifier in ids:
        _check_id(identifier)
    return ids


def _items(body: Mapping[str, Any], name: str) -> list[Any]:
    items = body.get(name)
    if items is None:
        return []
    if not isinstance(items, list):
        raise InvalidInput(f"{name!r} must be a list.")
    if len(items) > MAX_FEATURES:
        raise TooLarge(f"{name!r} holds {len(items)} items: commit at most {MAX_FEATURES} at once.")
    return items


def _check_id(identifier: Any) -> None:
    if not isinstance(identifier, str) or not 0 < len(identifier) <= MAX_ID or not _is_text(identifier):
        raise InvalidInput(f"An id must be a text of 1 to {MAX_ID} characters.")


def _is_text(value: str) -> bool:
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
