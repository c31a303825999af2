"""Projects: making one around a slide, and its labels."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from wsinb.errors import InvalidInput, ProjectExists, UnknownProject
from wsinb.serve.bodies import MAX_WORD, author_of, member
from wsinb.serve.messages import Request, Response, json_response
from wsinb.serve.overview import overview
from wsinb.serve.slide_cache import identify
from wsinb.serve.slides import describe, name_in
from wsinb.serve.sources import open_allowed_project, project_source

if TYPE_CHECKING:
    from wsinb.project import Project
    from wsinb.serve.core import Core

__all__ = ["post_labels", "post_project"]

MAX_LABELS = 1000


def post_project(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Make the project and add the slide, each where it is missing; answer like GET ``slide``.

    Without a slide's path it is only made, and the answer is that of GET ``project``.
    """
    body = request.json()
    folder = core.paths.resolve(body.get("folder"))
    if folder.is_file():
        raise InvalidInput(f"{folder} is a file: name a folder for the project.")
    if body.get("path") is None:
        title = member(body, "name", MAX_WORD, default=folder.name)
        return json_response(overview(core, _open_or_create(core, folder, title, author_of(request)), "main"))
    path = core.paths.resolve(body.get("path"))
    with core.slides.lease(identify(path)):
        pass  # a file that is no slide must not leave an empty project behind
    title = member(body, "name", MAX_WORD, default=folder.name)
    project = _open_or_create(core, folder, title, author_of(request))
    name = name_in(project, path)
    if name is None:
        wanted = member(body, "slide", MAX_WORD, default=path.stem)
        if wanted in project.slides:
            raise InvalidInput(f"The project has another slide {wanted!r}: choose another name for this one.")
        name = project.slides.add(path, name=wanted, author=author_of(request)).name
    return json_response(describe(core, project_source(core, str(folder), name)))


def post_labels(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Add labels, or change those of the same name; answer with all labels."""
    from wsinb.annotate import LabelSet

    body = request.json()
    labels = body.get("labels")
    if not isinstance(labels, list) or not 0 < len(labels) <= MAX_LABELS:
        raise InvalidInput(f"'labels' must be a list of 1 to {MAX_LABELS} labels.")
    project = open_allowed_project(core, body.get("project"))
    project.labels.add(list(LabelSet.from_json(labels).values()), author=author_of(request))
    return json_response({"labels": project.labels_at("main").to_json()})


def _open_or_create(core: Core, folder: Path, name: str, author: str) -> Project:
    from wsinb.project import create_project

    with suppress(UnknownProject):
        return core.projects.open(folder)
    with suppress(ProjectExists):  # another request may make it in between
        create_project(folder, name=name, author=author)
    return core.projects.open(folder)
