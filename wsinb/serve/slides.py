"""What a slide is: size, scale, planes, properties, and the project it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import wsinb
from wsinb.serve.messages import Request, Response, json_response
from wsinb.serve.slide_cache import identify
from wsinb.serve.sources import Source, project_around, slide_source
from wsinb.serve.tiles import TileLayout

if TYPE_CHECKING:
    from wsinb.project import Project
    from wsinb.serve.core import Core
    from wsinb.tiles import Slide

__all__ = ["describe", "get_fingerprint", "get_prepare", "get_slide", "get_version", "name_in"]

PROTOCOL = 1
MAX_PROPERTY = 10_000


def get_version(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with the version of the package and of the protocol."""
    return json_response({"version": wsinb.__version__, "protocol": PROTOCOL})


def get_prepare(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Load the readers of slides and projects, which no server loads that shows none; answer when done."""
    import wsinb.project
    import wsinb.tiles.sources.jpeg_tiff  # noqa: F401

    core.vectors.warm_up()
    return json_response({"ready": True})


def get_slide(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with everything a viewer must know before it asks for tiles."""
    source = slide_source(core, request)
    return json_response(describe(core, source, request.optional_text("branch") or "main"))


def get_fingerprint(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with what tells the slide's present file from all others; nothing is opened."""
    return json_response({"fingerprint": identify(slide_source(core, request).path).fingerprint})


def describe(core: Core, source: Source, branch: str = "main") -> dict[str, Any]:
    """Return the answer of GET ``slide`` for `source`."""
    from wsinb.versions.slidelist import check_same_size

    identity = identify(source.path)
    with core.slides.lease(identity) as slide:
        if source.entry is not None:
            check_same_size(source.entry, slide)
        answer = _slide_fields(slide)
    answer["fingerprint"] = identity.fingerprint
    answer["project"] = _project_fields(core, source, branch)
    if answer["project"] is not None:
        core.vectors.warm_up()  # annotations are asked for next
    if source.entry is not None:
        answer["name"] = source.entry.name
        if source.entry.mpp is not None:
            answer["mpp"] = list(source.entry.mpp)
    return answer


def _slide_fields(slide: Slide) -> dict[str, Any]:
    layout = TileLayout.of(slide)
    return {
        "name": slide.name,
        "file": slide.path.name,
        "width": layout.width,
        "height": layout.height,
        "mpp": None if slide.mpp_xy is None else list(slide.mpp_xy),
        "magnification": slide.magnification,
        "tile_size": layout.tile_size,
        "min_zoom": layout.min_zoom,
        "levels": [list(level.size) for level in slide.levels],
        "planes": {"z": slide.planes.z, "t": slide.planes.t, "c": slide.planes.c},
        "channels": [channel._asdict() for channel in slide.channels] or None,
        "frames": None if slide.frames is None else slide.frames._asdict(),
        "frame_rate": slide.frame_rate,
        "background": slide.background,
        # some scanners put whole XML documents or images into a property
        "properties": {key: value[:MAX_PROPERTY] for key, value in slide.properties.items()},
        "associated": sorted(slide.associated_images),
    }


def _project_fields(core: Core, source: Source, branch: str) -> dict[str, Any] | None:
    project = source.project or project_around(core, source.path)
    if project is None:
        return None
    name = source.entry.name if source.entry else name_in(project, source.path)
    entry = source.entry or (None if name is None else project.slides_at(branch).get(name))
    return {
        "path": str(project.path),
        "name": project.name,
        "slide": name,
        "branch": branch,
        "head": project.head(branch),
        "labels": project.labels_at(branch).to_json(),
        "checksum": None if entry is None else entry.checksum,
        "metadata": {} if entry is None else dict(entry.metadata),
    }


def name_in(project: Project, path: Path) -> str | None:
    """Return the name under which `project` holds the file `path`, or None."""
    for name, entry in project.slides_at("main").items():
        if (project.path / entry.path).resolve() == path:
            return name
    return None
