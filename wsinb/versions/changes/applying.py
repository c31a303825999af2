"""Making the changes of a difference in a session."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from wsinb.errors import Conflict
from wsinb.versions.changes.slidedelta import SlideDiff
from wsinb.versions.tables.hashes import hash_rows
from wsinb.versions.tables.ids import id_texts, locate, parse_ids, sorted_order
from wsinb.versions.tables.values import to_frame

if TYPE_CHECKING:
    from wsinb.versions.session import Session

__all__ = ["apply_diff"]


def apply_diff(parts: Iterable[SlideDiff], session: Session) -> None:
    """Stage the new rows and deletions of some slides, after checking that all old rows are there.

    Raises
    ------
    Conflict
        If a row of the session is not the old one; `ids` names them by slide. Nothing is staged.
    UnknownSlide, UnknownLabel
        If the session lacks a slide, or the project a label. Nothing is staged.
    """
    parts = list(parts)
    clashes: dict[str, list[str]] = {}
    for part in parts:
        here = session[part.slide]
        stored = here._lookup(part.ids)
        unlike = _unlike(part, stored)
        if unlike:
            clashes[part.slide] = unlike
        here._check_labels(part.new, stored)
    if clashes:
        raise _conflict(clashes)
    for part in parts:
        here = session[part.slide]
        if part.new.num_rows:
            here.upsert(to_frame(part.new, part.columns))
        gone = part.ids.take(~part.in_new)
        if len(gone):
            here.delete(id_texts(gone))


def _unlike(part: SlideDiff, stored: pa.Table) -> list[str]:
    """Return the ids whose stored row is not the old one."""
    ids = parse_ids(stored.column("id"))
    order = sorted_order(ids)
    found = locate(ids.take(order), part.ids)
    hashes = np.zeros(len(part), np.uint64)
    hashes[found >= 0] = hash_rows(stored)[order[found[found >= 0]]]
    return id_texts(part.ids.take(hashes != part.old_hash))


def _conflict(clashes: dict[str, list[str]]) -> Conflict:
    slide, ids = next(iter(clashes.items()))
    total = sum(len(each) for each in clashes.values())
    which = f"Annotation {ids[0]}" if total == 1 else f"{total} annotations, such as {ids[0]},"
    verb = "is" if total == 1 else "are"
    error = Conflict(
        f"{which} of slide {slide!r} {verb} not as the difference expects; nothing was changed: apply it "
        f"to a session on the version that it begins at, or leave those out with diff.filter(ids=...)."
    )
    error.ids = clashes
    return error
