"""The annotations of one slide within a session: reading and editing them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from wsinb.annotate.checks import to_rows
from wsinb.annotate.schema import FRAME_COLUMNS
from wsinb.errors import (
    InvalidInput,
    UnknownAnnotation,
    UnknownLabel,
)
from wsinb.names import listed, unknown
from wsinb.versions.slideentry import check_slide
from wsinb.versions.tables.columns import Column, concat
from wsinb.versions.tables.files import check_box
from wsinb.versions.tables.ids import Ids, id_texts, isin, last_of_each, parse_ids
from wsinb.versions.tables.signing import sign
from wsinb.versions.tables.staging import Staged, stage
from wsinb.versions.tables.values import split_own, to_frame

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.versions.session import Session

__all__ = ["SlideSession", "alone"]

_Self = TypeVar("_Self")
_P = ParamSpec("_P")
_R = TypeVar("_R")


def alone(method: Callable[Concatenate[_Self, _P], _R]) -> Callable[Concatenate[_Self, _P], _R]:
    """Let a method wait until no other thread edits or commits the session: else its edits would be lost."""

    @functools.wraps(method)
    def waiting(self: _Self, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with self._alone:  # type: ignore[attr-defined]
            return method(self, *args, **kwargs)

    return waiting


class SlideSession:
    """The annotations of one slide within a session."""

    def __init__(self, session: Session, slide: str) -> None:
        self._session = session
        self._alone = session._alone
        self._repository = session._repository
        self.slide = slide

    def read(self, bbox: Iterable[float] | None = None, version: str | None = None) -> gpd.GeoDataFrame:
        """Return the annotations, with the session's own edits unless `version` is given.

        Parameters
        ----------
        bbox
            ``(xmin, ymin, xmax, ymax)`` in level-0 pixels; the maxima lie outside. Only
            annotations whose bounding box meets it, so none of the whole image.
        version
            A branch, tag or commit to read as it is stored.
        """
        if version is not None:
            return self._repository.read(self.slide, version, bbox)
        staged = self._staged
        table = self._repository.tables.read(self._state, check_box(bbox), staged.overlay, staged.parts)
        return to_frame(table, self._session._columns)

    @alone
    def upsert(self, gdf: gpd.GeoDataFrame, *, repair: bool = False) -> list[str]:
        """Add annotations, or change those whose id exists; return the ids in the order of rows.

        Rows without id get one. Columns that `gdf` lacks keep their stored values. It may have the
        project's own columns (`project.columns`), by name.
        Existing rows keep `created_by` and `created_at` and get `updated_by` and
        `updated_at`; rows that change nothing are not touched. Coordinates are rounded to 1/64 pixel, and
        it is the rounded polygons that must be valid.

        More than 20 000 new rows are stored at once, so that millions can be added piece by piece in flat
        memory; nobody sees them before `commit`. Best each piece is a region of the slide.

        Parameters
        ----------
        gdf
            Annotations, see `wsinb.annotate.validate`.
        repair
            Mend invalid polygons instead of refusing them.

        Raises
        ------
        InvalidAnnotation
            If a row does not fit the table, or a column neither the table nor the project has; then
            nothing is changed.
        UnknownLabel
            If a row has a label that the project lacks.
        """
        gdf, own, self._session._columns = split_own(gdf, self._session._columns, self._newest_columns)
        rows = to_rows(self._with_stored_columns(gdf), repair=repair)
        for key, values in own.items():
            rows = rows.append_column(key, values)
        ids = parse_ids(rows.column("id"))
        stored = self._lookup(ids)
        changed, changed_ids = sign(rows, ids, stored, self._session.author)
        if changed.num_rows:
            self._check_labels(changed, stored)
            store, tables = self._repository.store, self._repository.tables
            staged = stage(store, tables, self._state, self._staged, changed, changed_ids, stored)
            self._set(staged, changed_ids)
        texts: list[str] = rows.column("id").to_pylist()
        return texts

    @alone
    def delete(self, ids: str | Iterable[str]) -> None:
        """Delete annotations.

        Raises
        ------
        UnknownAnnotation
            If the slide has no annotation of an id; then nothing is deleted.
        """
        texts = listed(ids, "Ids are given as in the column 'id'")
        wanted = parse_ids(texts)
        stored = self._lookup(wanted)
        there = isin(wanted, parse_ids(stored.column("id")))
        if not there.all():
            raise UnknownAnnotation(
                f"Slide {self.slide!r} has no annotation {_example(texts, ~there)}: "
                f"take ids from the column 'id' of session[{self.slide!r}].read()."
            )
        once = wanted.take(last_of_each(wanted))
        self._set(self._staged.delete(once, stored), once)

    @alone
    def restore(self, ids: str | Iterable[str], at: str) -> None:
        """Set annotations to what they were at a version; deleted ones come back.

        Raises
        ------
        UnknownAnnotation
            If the slide had no annotation of an id at that version; then nothing is changed.
        UnknownSlide, UnknownVersion
            If there is no such version, or it lacks the slide.
        """
        texts = listed(ids, "Ids are given as in the column 'id'")
        wanted = parse_ids(texts)
        head = self._repository.version(at)
        check_slide(self.slide, self._repository.slides_of(head.record), f"in version {at!r}")
        rows = self._repository.tables.lookup(self._repository.committer.state(head, self.slide), wanted)
        known = parse_ids(rows.column("id"))
        there = isin(wanted, known)
        if not there.all():
            raise UnknownAnnotation(
                f"Slide {self.slide!r} had no annotation {_example(texts, ~there)} at {at!r}: "
                f"take ids from project.read({self.slide!r}, {at!r})."
            )
        stored = self._lookup(known)
        rows = concat([rows, stored.slice(0, 0)])  # own columns that it lacked then are null again
        changed, changed_ids = sign(rows, known, stored, self._session.author)
        if changed.num_rows:
            self._set(self._staged.upsert(changed, changed_ids, stored), changed_ids)

    def edits(self) -> gpd.GeoDataFrame:
        """Return the rows that this session has added or changed and not committed."""
        return to_frame(self._staged.rows(), self._session._columns)

    def deleted(self) -> list[str]:
        """Return the ids that this session has deleted and not committed."""
        return id_texts(self._staged.deleted_ids())

    @property
    def _state(self) -> Any:
        return self._repository.committer.state(self._session._base, self.slide)

    @property
    def _staged(self) -> Staged:
        return self._session._staged.get(self.slide) or Staged.empty()

    def _set(self, staged: Staged, ids: Ids) -> None:
        self._session._stage(self.slide, staged, ids)

    def _lookup(self, ids: Ids) -> pa.Table:
        """Return the present rows, as every edit does first; an interrupted commit may have changed them."""
        self._session._settle()
        return self._staged.lookup(self._repository.tables, self._state, ids)

    def _newest_columns(self) -> tuple[Column, ...]:
        head = self._repository.branch_head(self._session.branch).record
        return self._repository.columns_of(head)

    def _with_stored_columns(self, gdf: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Fill in the columns that the table lacks from the rows that are stored."""
        columns = getattr(gdf, "columns", ())
        missing = [name for name in FRAME_COLUMNS if name not in columns]
        if "id" not in columns or "geometry" not in columns or not missing:
            return gdf
        texts = [text.lower() if isinstance(text, str) else None for text in gdf["id"]]
        try:
            known = parse_ids([text for text in texts if text is not None])
        except InvalidInput:
            return gdf  # validation says which row is wrong
        stored = self._lookup(known)
        if not stored.num_rows:
            return gdf
        frame = to_frame(stored).set_index("id")
        order = pd.Index(texts, dtype=object)
        filled = gdf.copy()
        for name in missing:
            filled[name] = frame[name].reindex(order).array
        return filled

    def _check_labels(self, rows: pa.Table, stored: pa.Table) -> None:
        """Refuse labels that neither the project nor the stored rows know."""
        used = set(pc.unique(rows.column("label").combine_chunks().drop_null()).to_pylist())
        used -= set(stored.column("label").to_pylist())
        unknown_labels = sorted(used - set(self._repository.labels_of(self._session._base.record)))
        if unknown_labels:
            # a label may have been added since the session was opened
            head = self._repository.branch_head(self._session.branch).record
            labels = self._repository.labels_of(head)
            unknown_labels = [name for name in unknown_labels if name not in labels]
            if unknown_labels:
                name = unknown_labels[0]
                hint = f"add it with project.labels.add(wsinb.Label({name!r}))."
                message = unknown("label", name, labels, hint)
                raise UnknownLabel(message if not labels else f"{message[:-1]}; or {hint}")

    def __repr__(self) -> str:
        return f"<annotations of {self.slide!r} in {self._session!r}>"


def _example(texts: list[str], missing: npt.NDArray[np.bool_]) -> str:
    """Return the first of the ids that are missing, and how many more there are."""
    first, more = texts[int(missing.argmax())], int(missing.sum()) - 1
    return f"{first} (and {more} more)" if more else first
