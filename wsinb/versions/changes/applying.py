"""Making the changes of a difference in a session."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from wsinb.versions.changes.conflicts import ConflictItem, conflict_error
from wsinb.versions.changes.sides import rows_among, rows_of
from wsinb.versions.changes.slidedelta import SlideDiff, row_dicts
from wsinb.versions.tables.hashes import NO_ROW, hash_rows
from wsinb.versions.tables.ids import id_texts
from wsinb.versions.tables.values import to_frame

if TYPE_CHECKING:
    from wsinb.versions.session import Session

__all__ = ["apply_diff"]


def apply_diff(parts: Iterable[SlideDiff], session: Session) -> None:
    """Stage the new rows and deletions of some slides, after checking that all old rows are there.

    Raises
    ------
    Conflict
        If a row of the session is not the old one; `conflicts` has the old row as base, that of the
        session as ours, the new one as theirs. Nothing is staged.
    UnknownSlide, UnknownLabel
        If the session lacks a slide, or the project a label. Nothing is staged.
    """
    parts = list(parts)
    clashes: list[ConflictItem] = []
    for part in parts:
        here = session[part.slide]
        stored = here._lookup(part.ids)
        clashes += _clashes(part, stored)
        here._check_labels(part.new, stored)
    if clashes:
        raise conflict_error(
            clashes,
            "did not match the difference; nothing was changed",
            "apply it to a session on the version that it begins at, or leave those out with "
            "diff.filter(where=...)",
        )
    for part in parts:
        here = session[part.slide]
        if part.new.num_rows:
            here.upsert(to_frame(part.new, part.columns))
        gone = part.ids.take(~part.in_new)
        if len(gone):
            here.delete(id_texts(gone))


def _clashes(part: SlideDiff, stored: pa.Table) -> list[ConflictItem]:
    """Return a conflict for each id whose stored row is not the old one."""
    rows = rows_of(stored, part.ids)
    hashes = np.where(rows >= 0, np.append(hash_rows(stored), np.uint64(NO_ROW))[rows], np.uint64(NO_ROW))
    unlike = np.flatnonzero(hashes != part.old_hash)
    some = part.take(unlike)
    old = row_dicts(some.old, rows_among(some.in_old), part.columns)
    new = row_dicts(some.new, rows_among(some.in_new), part.columns)
    ours = row_dicts(stored, rows[unlike], part.columns)
    return [
        ConflictItem(part.slide, text, None, *sides)
        for text, *sides in zip(id_texts(some.ids), old, ours, new, strict=True)
    ]
