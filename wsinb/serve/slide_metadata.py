"""What a project keeps with a slide, changed from the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput
from wsinb.names import unknown
from wsinb.serve.bodies import MAX_WORD, author_of, member
from wsinb.serve.messages import Request, Response, TooLarge, json_response
from wsinb.serve.overview import PROGRESS
from wsinb.serve.sources import open_allowed_project

if TYPE_CHECKING:
    from wsinb.serve.core import Core

__all__ = ["post_metadata"]

MAX_MEMBERS = 200


def post_metadata(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Set members of a slide's metadata, null takes one away, as a commit; answer with the newest commit.

    The others stay as they are: two people may change different members at once.
    """
    body = request.json()
    changes = _changes(body)
    project = open_allowed_project(core, body.get("project"))
    branch = member(body, "branch", MAX_WORD, default="main")
    slide = member(body, "slide", MAX_WORD)
    project.slides.on(branch).update_metadata(slide, changes, author=author_of(request))
    return json_response({"commit": project.head(branch)})


def _changes(body: Mapping[str, Any]) -> dict[str, Any]:
    changes = body.get("metadata")
    if not isinstance(changes, dict) or not changes:
        raise InvalidInput("'metadata' must be an object with the members to set.")
    if len(changes) > MAX_MEMBERS:
        raise TooLarge(f"'metadata' has {len(changes)} members: send at most {MAX_MEMBERS} at once.")
    progress = changes.get("progress")
    if progress is not None and progress not in PROGRESS:
        raise InvalidInput(unknown("progress", progress, PROGRESS))
    return changes
