"""What is drawn on a viewer's slide: stored annotations of the shown version, and unsaved shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.trees.learning import places_of

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.view.viewer import SlideViewer

__all__ = ["Drawn", "Strokes"]


@dataclass(frozen=True, eq=False)
class Drawn:
    """Annotations by class, in level-0 pixels.

    Attributes
    ----------
    geometries : list of ndarray of shapely geometries
        Of each class.
    fresh : list of ndarray of bool
        Of each class: which of them are unsaved.
    version : str or None
        The commit that has all of them; None if there is none.
    """

    geometries: list[NDArray[np.object_]]
    fresh: list[NDArray[np.bool_]]
    version: str | None

    @property
    def n_strokes(self) -> int:
        """How many annotations there are."""
        return sum(map(len, self.geometries))


class Strokes:
    """Reads what is drawn on a viewer's slide; what is stored is read again only with another commit."""

    def __init__(self, viewer: SlideViewer, classes: Sequence[str]) -> None:
        self._viewer, self._classes = viewer, list(classes)
        self._commit: str | None = None
        self._stored: gpd.GeoDataFrame | None = None

    def read(self) -> Drawn:
        """Return what is drawn now; what lies outside of the slide, or is of the whole image, is left out."""
        layer = self._viewer.layer
        # first what is unsaved: what is saved in between is found twice rather than not at all
        deleted, drawn = set(layer.deleted), self._viewer.drawn
        stored = self._read_stored()
        if stored is None:
            parts = [(drawn, True)]
        else:
            gone = deleted | set(drawn["id"])
            parts = [(stored[~stored["id"].isin(gone)], False), (drawn, True)]
        whole = shapely.box(0, 0, *self._viewer.slide.size)
        geometries, fresh = [], []
        for name in self._classes:
            found = [places_of(table, name) for table, _ in parts]
            marks = [np.full(len(part), new) for part, (_, new) in zip(found, parts, strict=True)]
            every = np.concatenate(found)
            inside = np.asarray(shapely.intersects(every, whole), bool)
            geometries.append(every[inside])
            fresh.append(np.concatenate(marks)[inside])
        unsaved = any(part.any() for part in fresh) or self._deletes(deleted, stored)
        return Drawn(geometries, fresh, None if unsaved else self._commit)

    def _deletes(self, deleted: set[str], stored: gpd.GeoDataFrame | None) -> bool:
        return stored is not None and bool(stored["id"].isin(deleted).any())

    def _read_stored(self) -> gpd.GeoDataFrame | None:
        project, name = self._viewer.project, self._viewer.slide_name
        if project is None or name is None:
            return None
        commit = project.resolve(self._viewer.shown_version)
        if commit != self._commit or self._stored is None:
            table = project.read(name, version=commit)
            self._stored = table[table["label"].isin(self._classes)]
            self._commit = commit
        return self._stored
