"""What a viewer is asked to show: a slide of a project, or a slide file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from wsinb.errors import InvalidInput, UnknownProject

if TYPE_CHECKING:
    from wsinb.project import Project
    from wsinb.tiles import Slide

__all__ = ["Subject", "find_subject"]


class Subject(NamedTuple):
    """A slide, and where it belongs.

    Attributes
    ----------
    slide
        The slide, open.
    project, name
        The project and the slide's name in it; None for a slide file alone.
    """

    slide: Slide
    project: Project | None = None
    name: str | None = None

    @property
    def source(self) -> dict[str, str]:
        """What the browser asks the server for."""
        if self.project is None or self.name is None:
            return {"path": str(self.slide.path.absolute())}
        return {"project": str(self.project.path), "slide": self.name}

    def __str__(self) -> str:
        where = "" if self.project is None else f" of project {self.project.name!r}"
        width, height = self.slide.size
        return f"{(self.name or self.slide.name)!r}{where}, {width} x {height} px"


def find_subject(project: Project | str | Path | None, slide: str | Path | Slide | None) -> Subject:
    """Return what is meant by a project, or its folder, and a slide, its name in the project, or its file.

    Raises
    ------
    InvalidInput
        If there is no slide, or one that is not in the project.
    UnknownProject, UnknownSlide
        If something named is not there.
    UnreadableSlide, SlideNotFound
        If the file cannot be shown.
    """
    from wsinb.tiles import Slide, open_slide

    opened = _project(project)
    if slide is None:
        raise InvalidInput("There is no slide to show: give a name in the project, a path or a Slide.")
    if opened is None:
        return Subject(slide if isinstance(slide, Slide) else open_slide(slide))
    name = _name_of(opened, slide) if isinstance(slide, Slide) else str(slide)
    return Subject(opened.slides.open(name), opened, name)


def _project(project: Project | str | Path | None) -> Project | None:
    if project is None:
        return None
    if isinstance(project, str | Path):
        from wsinb.project import open_project

        return open_project(project)
    if not hasattr(project, "slides"):
        raise UnknownProject(f"{project!r} is no project: give one or its folder.")
    return project


def _name_of(project: Project, slide: Slide) -> str:
    wanted = slide.path.resolve()
    for name in project.slides:
        if project.slides.path(name).resolve() == wanted:
            return name
    raise InvalidInput(
        f"{slide.name} is not in the project {project.name!r}: "
        f"add it by project.slides.add({str(slide.path)!r})."
    )
