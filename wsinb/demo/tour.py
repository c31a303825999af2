"""What the tour asks of the demo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, cast

from shapely import Polygon
from shapely.geometry import shape

from wsinb.demo.make import HELD_OUT, make_demo
from wsinb.demo.report import read_marker
from wsinb.errors import UnknownProject
from wsinb.progress import Progress

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["held_out_regions", "open_demo"]

FOLDER = "wsinb-demo"


def open_demo(
    folder: str | Path | None = None, size: int | None = None, progress: Progress = True
) -> Project:
    """Open a demo project, made first if there is none.

    Parameters
    ----------
    folder : str or Path, optional
        The demo's folder. By default the demo around the working folder, else ``wsinb-demo`` in it or beside
        it, else a new ``wsinb-demo``.
    size : int, optional
        Side of the slide of a new demo, level-0 px.
    progress : bool, callable or None
        See `wsinb.progress`.
    """
    from wsinb.project import open_project

    place = Path(folder) if folder is not None else _nearest(Path.cwd())
    make_demo(place, size=size, progress=progress)
    return open_project(place)


def held_out_regions(project: Project) -> list[Polygon]:
    """Return the known tumour regions of the demo slide that are not drawn, in level-0 px.

    Raises
    ------
    UnknownProject
        If the project is no demo.
    """
    for commit in project.log():
        if any(artifact.name == HELD_OUT for artifact in project.artifacts(commit.id)):
            content = json.loads(project.read_artifact(commit.id, HELD_OUT))
            return [cast("Polygon", shape(feature["geometry"])) for feature in content["features"]]
    raise UnknownProject(
        f"Project {project.name!r} is no demo: it has no {HELD_OUT}; make one by `wsinb demo`."
    )


def _nearest(here: Path) -> Path:
    for place in (here, *here.parents, here / FOLDER, here.parent / FOLDER):
        if read_marker(place) is not None:
            return place
    return here / FOLDER
