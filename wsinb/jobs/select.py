"""Which slides a job works on."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidParameter, UnknownSlide
from wsinb.names import unknown

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["select_slides"]


def select_slides(project: Project, slides: str | Iterable[str] | None, version: str = "main") -> list[str]:
    """Return the names of the slides that are meant, in the order of the project.

    Parameters
    ----------
    project : Project
        The project that holds them.
    slides : str or iterable of str, optional
        Names or patterns (``"case-*"``, ``"*"``); all slides if None or empty.
    version : str
        The version whose slide list is meant.

    Raises
    ------
    UnknownSlide
        If a name or pattern fits no slide of the version.
    InvalidParameter
        If the version has no slides at all, or `slides` holds anything but texts.
    """
    known = list(project.slides_at(version))
    several = isinstance(slides, Iterable | None) and not isinstance(slides, str)
    patterns: list[Any] = list(slides or ()) if several else [slides]
    if not all(isinstance(pattern, str) for pattern in patterns):
        raise InvalidParameter("Slides are given by name or pattern, as texts.")
    if not known:
        raise InvalidParameter(
            f"Project {project.name!r} has no slides at version {version[:12]!r}: "
            "add one with project.slides.add(path)."
        )
    chosen: set[str] = set()
    for pattern in patterns:
        fitting = [name for name in known if name == pattern or fnmatchcase(name, pattern)]
        if not fitting:
            raise UnknownSlide(unknown(f"slide in version {version[:10]!r} named", pattern, known))
        chosen.update(fitting)
    return [name for name in known if name in chosen] if patterns else known
