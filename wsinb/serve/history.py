"""Versions over HTTP: the log, branches and tags, differences, merging, undoing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from wsinb.errors import InvalidInput
from wsinb.serve.bodies import MAX_MESSAGE, MAX_WORD, author_of, ids_of, member, optional_member
from wsinb.serve.conflicts import choices_of, conflict_error, resolver
from wsinb.serve.messages import Request, Response, json_response
from wsinb.serve.sources import open_allowed_project

if TYPE_CHECKING:
    from wsinb.project import Project
    from wsinb.serve.core import Core
    from wsinb.versions import Commit

__all__ = [
    "get_log",
    "get_refs",
    "post_branch",
    "post_merge",
    "post_restore",
    "post_revert",
    "post_tag",
]

MAX_COMMITS = 1000
MAX_LOOK_BACK = 10_000


def get_log(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with the newest commits of a branch, the newest first; of one slide if it is named."""
    limit = request.integer("limit", 50, 1, MAX_COMMITS)
    project = open_allowed_project(core, request.text("project"))
    slide = request.optional_text("slide")
    commits: Iterable[Commit] = project.log(
        request.optional_text("branch") or "main", limit=limit if slide is None else MAX_LOOK_BACK
    )
    if slide is not None:
        commits = islice((commit for commit in commits if _touches(commit, slide)), limit)
    return json_response({"commits": [commit.to_json() for commit in commits]})


def get_refs(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with the branches and tags of a project."""
    return _refs(open_allowed_project(core, request.text("project")))


def post_branch(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Make a branch that begins at a version; answer with all branches and tags."""
    body = request.json()
    project = open_allowed_project(core, body.get("project"))
    project.branch(member(body, "name", MAX_WORD), at=member(body, "at", MAX_WORD))
    return _refs(project)


def post_tag(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Give a version a name that stays; answer with all branches and tags."""
    body = request.json()
    project = open_allowed_project(core, body.get("project"))
    project.tag(member(body, "name", MAX_WORD), at=member(body, "at", MAX_WORD))
    return _refs(project)


def post_merge(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Merge a version into a branch; conflicts without a choice are listed and nothing is written."""
    body = request.json()
    choices = choices_of(body)
    source, into = member(body, "from", MAX_WORD), member(body, "into", MAX_WORD)
    message = optional_member(body, "message", MAX_MESSAGE)
    project = open_allowed_project(core, body.get("project"))
    plan = project.plan_merge(source, into)
    undecided = [item for item in plan.conflicts if item.key not in choices]
    if undecided:
        raise conflict_error(undecided)
    commit = project.merge(
        source,
        into,
        resolve=resolver(lambda item: choices.get(item.key)),
        message=message,
        author=author_of(request),
    )
    return json_response({"commit": commit.id})


def post_revert(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Undo what one commit did, as a new commit."""
    body = request.json()
    version, branch = member(body, "commit", MAX_WORD), member(body, "branch", MAX_WORD, default="main")
    message = optional_member(body, "message", MAX_MESSAGE)
    project = open_allowed_project(core, body.get("project"))
    commit = project.revert(version, branch, message=message, author=author_of(request))
    return json_response({"commit": commit.id})


def post_restore(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Set annotations to what they were at a version, as a new commit."""
    body = request.json()
    ids = ids_of(body, "ids")
    if not ids:
        raise InvalidInput("There is nothing to restore: give ids in 'ids'.")
    slide, at = member(body, "slide", MAX_WORD), member(body, "at", MAX_WORD)
    branch = member(body, "branch", MAX_WORD, default="main")
    project = open_allowed_project(core, body.get("project"))
    commit = project.restore(slide, ids, at, branch, author=author_of(request))
    return json_response({"commit": commit.id})


def _refs(project: Project) -> Response:
    def listed(names: Mapping[str, str]) -> list[dict[str, str]]:
        return [{"name": name, "commit": commit} for name, commit in sorted(names.items())]

    return json_response({"branches": listed(project.branches), "tags": listed(project.tags)})


def _touches(commit: Commit, slide: str) -> bool:
    edits = commit.edits.get("slides", {})
    return slide in commit.changes or any(slide in names for names in edits.values())
