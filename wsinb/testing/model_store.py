"""The version store as it should behave, in memory and obvious: the measure of the real one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from wsinb.annotate import COLUMNS
from wsinb.errors import Conflict, InvalidInput, UnknownAnnotation, UnknownSlide

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["ModelSession", "ModelStore", "rows_of"]

Row = tuple[Any, ...]
Tables = dict[str, dict[str, Row]]
COMPARED = ("shape", "shape_params", "label", "layer", "score", "z", "t", "c", "created_by", "properties")


def rows_of(gdf: gpd.GeoDataFrame) -> dict[str, Row]:
    """Return a table as plain values by id: geometry as WKB, the columns that are compared, own ones."""
    wkb = shapely.to_wkb(np.asarray(gdf["geometry"].array, dtype=object))
    own = [name for name in gdf.columns if name not in COLUMNS]
    columns = [gdf[name].astype(object).where(gdf[name].notna(), None) for name in (*COMPARED, *own)]
    return {id_: (shape, *values) for id_, shape, *values in zip(gdf["id"], wkb, *columns, strict=True)}


@dataclass
class ModelStore:
    """Every version of every table, as dictionaries."""

    versions: list[Tables] = field(default_factory=lambda: [{}])
    touched: list[set[tuple[str, str]]] = field(default_factory=lambda: [set()])
    removed: list[set[str]] = field(default_factory=lambda: [set()])

    def add_slide(self, name: str) -> None:
        """Add a slide without annotations, as a version."""
        self._append({**self.versions[-1], name: {}})

    def remove_slide(self, name: str) -> None:
        """Remove a slide, as a version."""
        self._append(
            {slide: rows for slide, rows in self.versions[-1].items() if slide != name}, removed={name}
        )

    def session(self) -> ModelSession:
        """Open a session on the newest version."""
        return ModelSession(self, len(self.versions) - 1)

    def read(self, slide: str, version: int = -1) -> dict[str, Row]:
        """Return the rows of a slide at a version, counted from 0."""
        return self.versions[version][slide]

    def _append(
        self, tables: Tables, touched: Iterable[tuple[str, str]] = (), removed: Iterable[str] = ()
    ) -> None:
        self.versions.append(tables)
        self.touched.append(set(touched))
        self.removed.append(set(removed))


@dataclass
class ModelSession:
    """A session as it should behave."""

    store: ModelStore
    base: int
    edits: dict[tuple[str, str], Row | None] = field(default_factory=dict)

    def read(self, slide: str) -> dict[str, Row]:
        """Return the rows of a slide with the edits."""
        if slide not in self.store.versions[self.base]:
            raise UnknownSlide(slide)
        rows = dict(self.store.versions[self.base][slide])
        for (name, id_), row in self.edits.items():
            if name == slide:
                if row is None:
                    rows.pop(id_, None)
                else:
                    rows[id_] = row
        return rows

    def upsert(self, slide: str, rows: Mapping[str, Row]) -> None:
        """Add or change rows; equal ones are left alone, and `created_by` is kept.

        Rows that are again as in the base, whoever made them, are no edits.
        """
        present, base = self.read(slide), self.store.versions[self.base][slide]
        creator = 1 + COMPARED.index("created_by")
        for id_, given in rows.items():
            row = given
            if id_ in present:
                row = (*given[:creator], present[id_][creator], *given[creator + 1 :])
            before = base.get(id_)
            if before and (*before[:creator], *before[creator + 1 :]) == (
                *row[:creator],
                *row[creator + 1 :],
            ):
                self.edits.pop((slide, id_), None)
            elif present.get(id_) != row:
                self.edits[slide, id_] = row

    def delete(self, slide: str, ids: Iterable[str]) -> None:
        """Delete rows; ones that the base lacks leave no trace."""
        present = self.read(slide)
        chosen = list(ids)
        if any(id_ not in present for id_ in chosen):
            raise UnknownAnnotation(slide)
        for id_ in chosen:
            if id_ in self.store.versions[self.base][slide]:
                self.edits[slide, id_] = None
            else:
                self.edits.pop((slide, id_), None)

    def commit(self) -> None:
        """Make the edits a version, on top of what others did to other rows."""
        if not self.edits:
            raise InvalidInput("nothing to commit")
        slides = {slide for slide, _ in self.edits}
        for number in range(self.base + 1, len(self.store.versions)):
            if self.store.touched[number] & self.edits.keys() or self.store.removed[number] & slides:
                raise Conflict("touched")
        tables = {slide: dict(rows) for slide, rows in self.store.versions[-1].items()}
        for (slide, id_), row in self.edits.items():
            if row is None:
                tables[slide].pop(id_, None)
            else:
                tables[slide][id_] = row
        self.store._append(tables, self.edits)
        self.base = len(self.store.versions) - 1
        self.edits = {}
