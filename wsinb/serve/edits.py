"""Committing what was drawn, edited and deleted in the browser."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wsinb.errors import Conflict, InvalidInput, StorageError
from wsinb.serve.bodies import MAX_MESSAGE, MAX_WORD, author_of, check_id, ids_of, items, member
from wsinb.serve.conflicts import choices_by_id, resolver
from wsinb.serve.drafts import own_draft
from wsinb.serve.messages import Request, Response, json_response
from wsinb.serve.sources import open_allowed_project

if TYPE_CHECKING:
    from wsinb.serve.core import Core
    from wsinb.versions import Commit, Session

__all__ = ["post_commit"]


def post_commit(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Commit features on top of the commit that the browser has read.

    If the branch has moved since, the edits go on top of its head where they touch other
    annotations; where they touch the same ones and nobody chose, `Conflict` and nothing is written.
    """
    from wsinb.annotate import from_features

    body = request.json()
    upsert, delete = _features(body), ids_of(body, "delete")
    if not upsert and not delete:
        raise InvalidInput("There is nothing to commit: give features in 'upsert' or ids in 'delete'.")
    choices = choices_by_id(body)
    base = member(body, "base", MAX_WORD)
    branch = member(body, "branch", MAX_WORD, default="main")
    message = member(body, "message", MAX_MESSAGE, default="Edited in the viewer")
    slide = member(body, "slide", MAX_WORD)
    project = open_allowed_project(core, body.get("project"))
    session = project.session(branch, author=author_of(request), base=base, journal=False)
    edits = session[slide]
    ids = edits.upsert(from_features(upsert)) if upsert else []
    if delete:
        edits.delete(delete)
    draft = own_draft(core, request, project, body.get("draft"))
    try:
        commit = _commit(session, message, choices, None if draft is None else draft.id)
        if draft is not None:
            with contextlib.suppress(StorageError):  # the commit names it: it offers nothing
                draft.remove()
    finally:
        if draft is not None:
            draft.close()
    return json_response({"commit": commit.id, "ids": list(ids)})


def _commit(session: Session, message: str, choices: Mapping[str, str], draft: str | None) -> Commit:
    """Commit, with a person's choices if they are for all annotations that others changed, too."""
    try:
        return session.commit(message, draft=draft)
    except Conflict as error:
        if not error.conflicts or any(item.id not in choices for item in error.conflicts):
            raise
    chosen = resolver(lambda item: choices.get(item.id))
    return session.commit(message, resolve=chosen, draft=draft)


def _features(body: Mapping[str, Any]) -> list[Any]:
    features = items(body, "upsert")
    for feature in features:
        identifier = feature.get("id") if isinstance(feature, dict) else None
        if identifier is not None:
            check_id(identifier)
    return features
