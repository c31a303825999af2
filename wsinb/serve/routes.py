"""The one table of everything that is served below ``{base_url}wsinb/api/``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from wsinb.serve import (
    differences,
    drafts,
    edits,
    features,
    history,
    jobs,
    overview,
    projects,
    slide_files,
    slide_metadata,
    slides,
    tiles,
)
from wsinb.serve.messages import MethodNotAllowed, NotServed, Request, Response
from wsinb.serve.vectors import requests as vector

if TYPE_CHECKING:
    from wsinb.serve.core import Core

__all__ = ["LANES", "ROUTES", "Lane", "Route", "find_route"]

Endpoint = Callable[["Core", Request, Mapping[str, str]], Response]
Lane = Literal["image", "vector", "data"]
LANES: tuple[Lane, ...] = get_args(Lane)

_VERSION = r"(?P<version>[0-9a-f]{6,128}(?:\+[0-9a-f]{32}\.\d{1,15})?)"
_XYZ = r"(?P<z>-?\d{1,2})/(?P<x>-?\d{1,9})/(?P<y>-?\d{1,9})"


@dataclass(frozen=True)
class Route:
    """One verb at one address.

    Parameters
    ----------
    method
        HTTP verb, in capitals. Only GET and POST are used; only POST writes.
    pattern
        Regular expression of the whole path below ``wsinb/api/``.
    example
        A path that fits `pattern`.
    endpoint
        What answers.
    lane
        Which workers answer: image tiles keep coming while annotations are indexed, and
        a commit does not wait behind either.
    activity
        Whether asking shows that a person is at work. An open viewer polls the log by itself:
        that must not keep a hub from stopping an idle server.
    """

    method: Literal["GET", "POST"]
    pattern: str
    example: str
    endpoint: Endpoint
    lane: Lane = "data"
    activity: bool = True


ROUTES: tuple[Route, ...] = (
    Route("GET", "version", "version", slides.get_version, activity=False),
    Route("GET", "prepare", "prepare", slides.get_prepare, activity=False),
    Route("GET", "slide", "slide", slides.get_slide),
    Route("GET", "slide/fingerprint", "slide/fingerprint", slides.get_fingerprint, activity=False),
    Route("GET", f"tile/{_XYZ}", "tile/0/0/0", tiles.get_tile, "image"),
    Route("GET", "thumbnail", "thumbnail", tiles.get_thumbnail, "image"),
    Route("GET", "associated/(?P<name>.{1,255})", "associated/label", tiles.get_associated, "image"),
    Route("GET", "vector/meta", "vector/meta", vector.get_meta, "vector"),
    Route(
        "GET",
        f"vector/{_VERSION}/{_XYZ}",
        "vector/0a1b2c/0/0/0",
        vector.get_tile,
        "vector",
    ),
    Route(
        "GET",
        f"vector/{_VERSION}/column/(?P<name>.{{1,255}})",
        "vector/0a1b2c/column/shape",
        vector.get_column,
        "vector",
    ),
    Route("GET", f"vector/{_VERSION}/within", "vector/0a1b2c/within", vector.get_within, "vector"),
    Route("POST", f"vector/{_VERSION}/within", "vector/0a1b2c/within", vector.post_within, "vector"),
    Route("GET", "annotations", "annotations", features.get_annotations, "vector"),
    Route("GET", "log", "log", history.get_log, activity=False),
    Route("GET", "refs", "refs", history.get_refs, activity=False),
    Route("GET", "diff", "diff", differences.get_diff, "vector"),
    Route("POST", "branch", "branch", history.post_branch),
    Route("POST", "tag", "tag", history.post_tag),
    Route("POST", "merge", "merge", history.post_merge),
    Route("POST", "revert", "revert", history.post_revert),
    Route("POST", "restore", "restore", history.post_restore),
    Route("POST", "commit", "commit", edits.post_commit),
    Route("POST", "draft", "draft", drafts.post_draft),
    Route("GET", "drafts", "drafts", drafts.get_drafts),
    Route("POST", "draft/discard", "draft/discard", drafts.post_discard),
    Route("GET", "project", "project", overview.get_project, activity=False),
    Route("GET", "projects", "projects", overview.get_projects, activity=False),
    Route("GET", "slide/files", "slide/files", slide_files.get_slide_files),
    Route("POST", "slide/metadata", "slide/metadata", slide_metadata.post_metadata),
    Route("POST", "project", "project", projects.post_project),
    Route("POST", "labels", "labels", projects.post_labels),
    Route("GET", "jobs", "jobs", jobs.get_jobs, activity=False),
    Route("GET", "job", "job", jobs.get_job),
    Route("POST", "job/run", "job/run", jobs.post_run),
    Route("GET", "runs", "runs", jobs.get_runs, activity=False),
    Route("GET", "run", "run", jobs.get_run, activity=False),
    Route("POST", "run/cancel", "run/cancel", jobs.post_cancel),
    Route("POST", "run/resume", "run/resume", jobs.post_resume),
)


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Return the route of `path` for `method`, and the named parts of the path.

    Raises
    ------
    NotServed
        If nothing is served there.
    MethodNotAllowed
        If the address exists but does not answer to `method`.
    """
    fits = [(route, match) for route in ROUTES if (match := re.fullmatch(route.pattern, path, re.ASCII))]
    if not fits:
        raise NotServed("Nothing is served at this address: docs/design lists what is.")
    for route, match in fits:
        if route.method == method:
            return route, match.groupdict()
    verbs = " or ".join(sorted({route.method for route, _ in fits}))
    raise MethodNotAllowed(f"This address answers to {verbs} only.")
