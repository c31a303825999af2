"""Where the annotations of a validation are: found in their version when they are asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from wsinb.errors import UnknownAnnotation, UnknownSlide
from wsinb.names import unknown

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.project import Project
    from wsinb.versions import SlideEntry
    from wsinb.view.confusion.cases import Cases

__all__ = ["Place", "Places"]


class Place(NamedTuple):
    """Where an annotation is: its slide, its box in level-0 pixels, and z, t and c of its plane."""

    slide: str
    l0_bounds: tuple[float, float, float, float]
    plane: tuple[int, int, int | None]


class Places:
    """The annotations of the cases at one version; several threads may ask.

    Parameters
    ----------
    cases : Cases
    project : Project
    version : str
        Id of the commit that the pictures were made of.

    Raises
    ------
    UnknownSlide
        If the version lacks a slide of theirs.
    """

    def __init__(self, cases: Cases, project: Project, version: str) -> None:
        self._cases = cases
        self.project = project
        self._checkout = project.checkout(version)
        self.version = version
        slides = dict(self._checkout.slides)
        named = {str(cases.slides[row]) for row in range(len(cases)) if cases.ids[row]}
        for name in sorted(named):
            if name not in slides:
                raise UnknownSlide(unknown("slide of the validation in this project, named", name, slides))
        self.entries: dict[str, SlideEntry] = {name: slides[name] for name in sorted(named)}
        self._found: dict[int, Place | None] = {}
        self._lock = threading.Lock()

    def find(self, slide: str, ids: Iterable[str]) -> gpd.GeoDataFrame:
        """Return annotations of a slide as they were at the version; those not there are left out."""
        return self._checkout[slide].find(list(ids))

    def look_up(self, rows: Iterable[int]) -> None:
        """Find many at once: a slide's annotations are read in one go."""
        wanted: dict[str, list[int]] = {}
        with self._lock:
            for row in rows:
                if self._cases.ids[row] and row not in self._found:
                    wanted.setdefault(str(self._cases.slides[row]), []).append(row)
            for slide, own in wanted.items():
                found = self.find(slide, {str(self._cases.ids[row]) for row in own})
                size = self.entries[slide].size
                places = {line.id: _place(slide, line, size) for line in found.itertuples()}
                self._found.update({row: places.get(self._cases.ids[row]) for row in own})

    def of(self, row: int) -> Place:
        """Return where the annotation of a case is.

        Raises
        ------
        UnknownAnnotation
            If the case is of no annotation, or of one that the version lacks.
        """
        annotation, slide = self._cases.ids[row], self._cases.slides[row]
        if not annotation:
            raise UnknownAnnotation("This picture is of no annotation: it has no place on a slide.")
        self.look_up([row])
        place = self._found[row]
        if place is None:
            raise UnknownAnnotation(
                f"Slide {slide!r} has no annotation {annotation!r} at {self.version[:10]}: "
                "validate again on a version that has it."
            )
        return place


def _place(slide: str, line: Any, size: tuple[int, int]) -> Place:
    # a label of the whole image is everywhere on it
    whole = line.geometry is None or line.geometry.is_empty
    bounds = (0.0, 0.0, float(size[0]), float(size[1])) if whole else line.geometry.bounds
    channel = None if pd.isna(line.c) else int(line.c)
    return Place(slide, bounds, (int(line.z), int(line.t), channel))
