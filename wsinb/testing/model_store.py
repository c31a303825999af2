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
Rows = dict[str, Row]
Tables = dict[str, Rows]
COMPARED = ("shape", "shape_params", "label", "layer", "score", "z", "t", "c", "created_by", "properties")
CREATOR = 1 + COMPARED.index("created_by")


def rows_of(gdf: gpd.GeoDataFrame) -> dict[str, Row]:
    """Return a table as plain values by id: geometry as WKB, the columns that are compared, own ones."""
    wkb = shapely.to_wkb(np.asarray(gdf["geometry"].array, dtype=object))
    own = [name for name in gdf.columns if name not in COLUMNS]
    columns = [gdf[name].astype(object).where(gdf[name].notna(), None) for name in (*COMPARED, *own)]
    return {id_: (shape, *values) for id_, shape, *values in zip(gdf["id"], wkb, *columns, strict=True)}


@dataclass
class ModelStore:
    """Every version of every table, as dictionaries; versions are counted from 0."""

    versions: list[Tables] = field(default_factory=lambda: [{}])
    parents: list[tuple[int, ...]] = field(default_factory=lambda: [()])
    touched: list[set[tuple[str, str]]] = field(default_factory=lambda: [set()])
    removed: list[set[str]] = field(default_factory=lambda: [set()])
    heads: dict[str, int] = field(default_factory=lambda: {"main": 0})

    def add_slide(self, name: str, branch: str = "main") -> None:
        """Add a slide without annotations, as a version."""
        self._append({**self.versions[self.heads[branch]], name: {}}, branch)

    def remove_slide(self, name: str, branch: str = "main") -> None:
        """Remove a slide, as a version."""
        before = self.versions[self.heads[branch]]
        self._append({slide: rows for slide, rows in before.items() if slide != name}, branch)

    def branch(self, name: str, at: int) -> None:
        """Make a branch that begins at a version."""
        if name in self.heads:
            raise InvalidInput("taken")
        self.heads[name] = at

    def session(self, branch: str = "main") -> ModelSession:
        """Open a session on the head of a branch."""
        return ModelSession(self, self.heads[branch], branch)

    def read(self, slide: str, version: int | None = None) -> dict[str, Row]:
        """Return the rows of a slide at a version; the head of main if None."""
        return self.versions[self.heads["main"] if version is None else version][slide]

    def merge(self, source: int, into: str, resolve: str | None) -> None:
        """Make on a branch what another version changed since the best common ancestor."""
        ours = self.heads[into]
        shared = self.ancestors(source) & self.ancestors(ours)
        if source in shared:
            raise InvalidInput("up to date")
        base = max(shared, key=lambda version: (self._generation(version), version))
        merged = merge_tables(self.versions[base], self.versions[ours], self.versions[source], resolve)
        self._append(merged, into, source)

    def revert(self, version: int, branch: str, resolve: str | None) -> None:
        """Undo on a branch what a version did against its first parent."""
        head = self.heads[branch]
        if not self.parents[version] or version not in self.ancestors(head):
            raise InvalidInput("first, or elsewhere")
        before = self.versions[self.parents[version][0]]
        merged = merge_tables(self.versions[version], self.versions[head], before, resolve)
        if merged == self.versions[head]:
            raise InvalidInput("nothing to revert")
        self._append(merged, branch)

    def ancestors(self, version: int) -> set[int]:
        """Return a version and all above it."""
        return {version}.union(*(self.ancestors(parent) for parent in self.parents[version]))

    def _generation(self, version: int) -> int:
        return 1 + max((self._generation(parent) for parent in self.parents[version]), default=-1)

    def _append(self, tables: Tables, branch: str, *merged: int) -> None:
        before = self.versions[self.heads[branch]]
        self.versions.append(tables)
        self.parents.append((self.heads[branch], *merged))
        self.removed.append(before.keys() - tables.keys())
        self.touched.append(
            {
                (slide, id_)
                for slide, rows in tables.items()
                for id_ in rows.keys() | before.get(slide, {}).keys()
                if not same(rows.get(id_), before.get(slide, {}).get(id_))
            }
        )
        self.heads[branch] = len(self.versions) - 1


@dataclass
class ModelSession:
    """A session as it should behave."""

    store: ModelStore
    base: int
    branch: str = "main"
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

    def commit(self, resolve: str | None = None) -> None:
        """Make the edits a version, on top of what others did to other rows; or merge by field."""
        if not self.edits:
            raise InvalidInput("nothing to commit")
        store, number = self.store, self.store.heads[self.branch]
        slides, touched = {slide for slide, _ in self.edits}, set()
        while number != self.base:
            if store.removed[number] & slides:
                raise Conflict("removed")
            touched |= store.touched[number]
            number = store.parents[number][0]
        if touched & self.edits.keys() and resolve is None:
            raise Conflict("touched")
        tables = {slide: dict(rows) for slide, rows in store.versions[store.heads[self.branch]].items()}
        for (slide, id_), row in self.edits.items():
            base = store.versions[self.base][slide].get(id_)
            merged = merge_row(base, row, tables[slide].get(id_), resolve)
            tables[slide].pop(id_, None)
            if merged is not None:
                tables[slide][id_] = merged
        store._append(tables, self.branch)
        self.base = store.heads[self.branch]
        self.edits = {}


def merge_tables(base: Tables, ours: Tables, theirs: Tables, resolve: str | None) -> Tables:
    """Merge all slides, three-way; a slide that one side removed and the other edited is a conflict."""
    merged = {}
    for slide in base.keys() | ours.keys() | theirs.keys():
        sides = base.get(slide), ours.get(slide), theirs.get(slide)
        rows = _merge_slide(*sides, resolve)
        if rows is not None:
            merged[slide] = rows
    return merged


def _merge_slide(
    base: Rows | None, ours: Rows | None, theirs: Rows | None, resolve: str | None
) -> Rows | None:
    if ours is not None and theirs is not None:
        ids = ours.keys() | theirs.keys()
        old = base or {}
        rows = {id_: merge_row(old.get(id_), ours.get(id_), theirs.get(id_), resolve) for id_ in ids}
        return {id_: row for id_, row in rows.items() if row is not None}
    there = theirs if ours is None else ours
    if base is None or there is None:
        return there
    if base.keys() == there.keys() and all(same(base[id_], there[id_]) for id_ in base):
        return None
    return {"ours": ours, "theirs": theirs, "base": base}[_choice(resolve)]


def merge_row(base: Row | None, ours: Row | None, theirs: Row | None, resolve: str | None) -> Row | None:
    """Merge one row, three-way by field."""
    if same(theirs, base) or same(ours, theirs):
        return ours
    if same(ours, base):
        return theirs
    if ours is None or theirs is None:
        return {"ours": ours, "theirs": theirs, "base": base}[_choice(resolve)]
    merged: list[Any] = []
    for places in _fields(ours):
        mine, others = ([row[i] for i in places] for row in (ours, theirs))
        old = [None] * len(places) if base is None else [base[i] for i in places]
        if CREATOR in places:
            merged += mine if base is None else old
        elif others in (old, mine):
            merged += mine
        elif mine == old:
            merged += others
        else:
            merged += {"ours": mine, "theirs": others, "base": old}[_choice(resolve)]
    return tuple(merged)


def same(one: Row | None, other: Row | None) -> bool:
    """Say whether two rows are equal, whoever created them."""
    if one is None or other is None:
        return one is other
    return all(one[i] == other[i] for i in range(len(one)) if i != CREATOR)


def _fields(row: Row) -> list[tuple[int, ...]]:
    """Return the places of each field: geometry, shape and its numbers are one."""
    return [(0, 1, 2), *((i,) for i in range(3, len(row)))]


def _choice(resolve: str | None) -> str:
    if resolve is None:
        raise Conflict("both changed it")
    return resolve
