"""Which slides a job works on."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput, InvalidParameter, UnknownSlide
from wsinb.names import unknown

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["groups_of", "select_slides"]


def select_slides(
    project: Project,
    slides: str | Iterable[str] | None,
    version: str = "main",
    *,
    of_set: str | None = None,
    part: str | None = None,
) -> list[str]:
    """Return the names of the slides that are meant, in the order of the project.

    Parameters
    ----------
    project : Project
        The project that holds them.
    slides : str or iterable of str, optional
        Names or patterns (``"case-*"``, ``"*"``); all slides if None or empty.
    version : str
        The version whose slide list, and whose sets, are meant.
    of_set, part : str, optional
        Of the slides that are meant, only those of this set of the version, or of a part of it.

    Raises
    ------
    UnknownSlide
        If a name or pattern fits no slide of the version.
    InvalidInput
        If there is no such set or part.
    InvalidParameter
        If the version has no slides at all, or the set none of them; if `slides` holds anything but texts, or
        a part is named without a set.
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
    names = [name for name in known if name in chosen] if patterns else known
    return names if of_set is None and part is None else _among(project, names, version, of_set, part)


def groups_of(
    project: Project, slides: Iterable[str], member: str, version: str = "main"
) -> dict[str, Hashable]:
    """Return by name of the slide what its metadata say under `member`, such as the patient.

    Raises
    ------
    InvalidInput
        If they say nothing of a slide, or no single thing.
    """
    entries = project.slides_at(version)
    groups: dict[str, Hashable] = {}
    for name in slides:
        group = entries[name].metadata.get(member)
        if group is None or not isinstance(group, Hashable):
            raise InvalidInput(
                f"The metadata of slide {name!r} name no {member!r} that slides could be grouped by: "
                f"add it with project.slides.set_metadata({name!r}, {{{member!r}: ...}})."
            )
        groups[name] = group
    return groups


def _among(
    project: Project, names: list[str], version: str, of_set: str | None, part: str | None
) -> list[str]:
    """Return the names that a set has, of slides that belong to the project itself."""
    if of_set is None:
        raise InvalidParameter(f"{part!r} is a part of a set: name the set, too.")
    sets = project.sets.at(version)
    if of_set not in sets:
        raise InvalidInput(unknown("set", of_set, sets, "name slides instead."))
    members = sets[of_set] if part is None else sets[of_set][part]
    here = {member.slide for member in members if member.project is None}
    found = [name for name in names if name in here]
    if not found:
        raise InvalidParameter(f"The set {of_set!r} has none of the slides that are meant: name others.")
    return found
