"""Picking some changes of a slide by what they are and what their rows hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from wsinb.errors import InvalidInput
from wsinb.names import listed, unknown
from wsinb.versions.changes.sides import Mask
from wsinb.versions.changes.slidedelta import KINDS, Change, SlideDiff
from wsinb.versions.tables.files import bounds_of_rows, box_mask, check_box
from wsinb.versions.tables.ids import isin, parse_ids

__all__ = ["pick"]


def pick(
    part: SlideDiff,
    kinds: str | Iterable[str] | None,
    ids: str | Iterable[str] | None,
    labels: str | Iterable[str | None] | None,
    layers: str | Iterable[str] | None,
    bbox: Iterable[float] | None,
    where: Callable[[Change], object] | None,
) -> SlideDiff:
    """Return the changes of a slide that meet all conditions; see `Diff.filter`."""
    box = check_box(bbox)
    if where is not None and not callable(where):
        raise InvalidInput(f"The condition `where` is a function of a change, not {where!r:.80}.")
    if kinds is not None:
        part = part.take(np.isin(part.kinds, _kinds(kinds)))
    if ids is not None:
        part = part.take(isin(part.ids, parse_ids(listed(ids, "Ids are given as in the column 'id'"))))
    for name, given in (("label", labels), ("layer", layers)):
        if given is not None:
            values = set(listed(given, f"The {name}s to keep are given by name"))
            part = part.take(_either(part, partial(_among, name=name, values=values)))
    if box is not None:
        part = part.take(_either(part, lambda rows: box_mask(bounds_of_rows(rows), box)))
    if where is not None:
        kept = np.zeros(len(part), bool)
        for number, change in zip(part.order.tolist(), part.changes(), strict=True):
            kept[number] = bool(where(change))
        part = part.take(kept)
    return part


def _kinds(kinds: str | Iterable[str]) -> list[str]:
    wanted = listed(kinds, "Kinds of changes are 'added', 'deleted' and 'updated'")
    for kind in wanted:
        if kind not in KINDS:
            raise InvalidInput(unknown("kind of change named", kind, KINDS))
    return wanted


def _among(rows: pa.Table, name: str, values: set[Any]) -> Mask:
    return np.fromiter((value in values for value in rows.column(name).to_pylist()), bool, rows.num_rows)


def _either(part: SlideDiff, condition: Callable[[pa.Table], Mask]) -> Mask:
    """Return for which changes the old or the new row meets a condition."""
    met = np.zeros(len(part), bool)
    met[part.in_old] |= condition(part.old)
    met[part.in_new] |= condition(part.new)
    return met
