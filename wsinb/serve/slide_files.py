"""The slide files below a folder: what can be added to a project."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from wsinb.errors import InvalidInput
from wsinb.serve.messages import Request, Response, json_response
from wsinb.serve.sources import open_allowed_project

if TYPE_CHECKING:
    from wsinb.project import Project
    from wsinb.serve.core import Core

__all__ = ["get_slide_files"]

MAX_FILES = 2_000
MAX_ENTRIES = 50_000
MAX_DEPTH = 4
_PICTURES = (".gif", ".jp2", ".jpeg", ".jpg", ".png")
_FILMS = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv")
_DICOM = (".dcm", ".dicom")


class _File(NamedTuple):
    path: Path
    real: Path
    bytes: int


def get_slide_files(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with the files below a folder that are slides by their endings."""
    folder = core.paths.resolve(request.optional_text("folder") or ".")
    if not folder.is_dir():
        raise InvalidInput(f"There is no folder {folder}: check its spelling.")
    place = request.optional_text("project")
    known = {} if place is None else _known(open_allowed_project(core, place))
    found = [file for _, file in zip(range(MAX_FILES + 1), _slide_files(core, folder), strict=False)]
    files = sorted(found[:MAX_FILES])
    new = [file for file in files if file.real not in known]
    names = Counter([*(file.path.stem for file in new), *known.values()])
    suggested = {file.path for file in _suggested(new)}
    answer = [
        {
            "path": str(file.path),
            "file": file.path.relative_to(folder).as_posix(),
            "name": _name(file.path, folder, names),
            "bytes": file.bytes,
            "slide": known.get(file.real),
            "suggested": file.path in suggested,
        }
        for file in files
    ]
    return json_response({"folder": str(folder), "files": answer, "more": len(found) > MAX_FILES})


def _name(file: Path, folder: Path, names: Counter[str]) -> str:
    """Return the name for a new slide: files of one name in several folders are told apart by the folder."""
    return file.stem if names[file.stem] < 2 else file.relative_to(folder).with_suffix("").as_posix()


def _suggested(files: list[_File]) -> Iterator[_File]:
    """Yield the files that most will want: no pictures and films, and one of a folder full of DICOM files.

    A slide in that format is a folder of files, of which the largest holds its pixels.
    """
    largest: dict[Path, _File] = {}
    for file in files:
        name = file.path.name.lower()
        if name.endswith(_DICOM):
            folder = file.path.parent
            largest[folder] = max(file, largest.get(folder, file), key=lambda each: each.bytes)
        elif not name.endswith(_PICTURES + _FILMS):
            yield file
    yield from largest.values()


def _known(project: Project) -> dict[Path, str]:
    entries = project.slides_at("main").items()
    return {(project.path / entry.path).resolve(): name for name, entry in entries}


def _slide_files(core: Core, folder: Path) -> Iterator[_File]:
    """Yield slide files below a folder, its own ones first; links to folders are not followed."""
    from wsinb.tiles import SLIDE_SUFFIXES

    seen = 0
    for place, folders, names in os.walk(folder):
        here = Path(place)
        depth = len(here.relative_to(folder).parts)
        folders[:] = [] if depth >= MAX_DEPTH else sorted(name for name in folders if _is_open(here, name))
        seen += len(names)
        for name in sorted(names):
            file = here / name
            if not name.startswith(".") and name.lower().endswith(SLIDE_SUFFIXES) and file.is_file():
                real = file.resolve()
                if core.paths.allows(real):
                    yield _File(file, real, real.stat().st_size)
        if seen > MAX_ENTRIES:
            return


def _is_open(here: Path, name: str) -> bool:
    """Tell whether a folder's files belong to the one above: it is not hidden, and no project itself."""
    return not name.startswith(".") and not (here / name / ".wsinb" / "format.json").is_file()
