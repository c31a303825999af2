"""The files that make a difference of one slide part of a commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from wsinb.versions.changes.sides import Hashes, Mask
from wsinb.versions.changes.slidedelta import SlideDiff
from wsinb.versions.graph.commits import SlideChange
from wsinb.versions.graph.records import PartInfo, State
from wsinb.versions.tables.columns import concat
from wsinb.versions.tables.files import CHANGES_SCHEMA, deletions, marked
from wsinb.versions.tables.hashes import NO_ROW, hash_rows
from wsinb.versions.tables.ids import Ids, concat_ids, isin, locate, parse_ids, sorted_order
from wsinb.versions.tables.reading import Tables, overlay_of
from wsinb.versions.tables.staging import WRITERS, Staged, write_change

if TYPE_CHECKING:
    from wsinb.versions.graph.refs import Head
    from wsinb.versions.repository import Repository

__all__ = ["write_changes", "write_diff"]

FEW_SLIDES = 4
"""So many slides are worth several threads."""

MOST_STALE = 0.2
"""A part of which more rows than this changed since it was written is not worth taking over."""


def write_changes(repository: Repository, base: Head, staged: Mapping[str, Staged]) -> dict[str, SlideChange]:
    """Store the files by which a commit makes the edits of some slides, made on `base`; several at once."""

    def write(slide: str) -> SlideChange:
        state = repository.committer.state(base, slide)
        return write_change(repository.store, repository.tables, state, staged[slide])

    if len(staged) < FEW_SLIDES:
        return {slide: write(slide) for slide in staged}
    with ThreadPoolExecutor(WRITERS) as pool:
        return dict(zip(staged, pool.map(write, staged), strict=True))


def write_diff(
    repository: Repository,
    onto: State,
    diff: SlideDiff,
    source: State | None = None,
    apart: Ids | None = None,
) -> SlideChange:
    """Store the files by which a commit makes `diff` on top of a table.

    Parameters
    ----------
    repository
        Where to store them.
    onto
        The table, which holds the old rows.
    diff
        What to do.
    source
        A table that holds the added rows, too. Its parts are taken over as they are where all their rows
        are new to `onto`; what changed in them since goes to the change set, on top of them.
    apart
        Ids whose new rows are not those of `source`.
    """
    tables = repository.tables
    taken = [] if source is None else _parts_to_take(tables, onto, diff, source, apart)
    inside = concat_ids([tables.part_ids(part.sha256) for part in taken])
    stale = np.zeros(len(inside), bool)
    if len(inside) and source is not None:
        stale = _stale(tables, diff, source, inside, apart)
    fresh = inside.take(~stale)
    rest = diff.take(~isin(diff.ids, fresh))
    below = _hashes_in(tables, taken, inside.take(stale))
    table = _change_set(rest, inside.take(stale), below)
    counts = diff.counts
    change = write_change(repository.store, tables, onto, Staged(overlay_of(table)))
    return SlideChange(
        counts["added"], counts["updated"], counts["deleted"], change.sets, (*taken, *change.parts)
    )


def _parts_to_take(
    tables: Tables, onto: State, diff: SlideDiff, source: State, apart: Ids | None
) -> list[PartInfo]:
    """Return the parts of `source` that `onto` can take over: it never heard of any of their ids."""
    there = {part.sha256 for part in tables.parts(onto)}
    candidates = [part for part in tables.parts(source) if part.sha256 not in there]
    if not candidates:
        return []
    added = diff.ids.take(~diff.in_old)
    spoken = tables.overlay_ids(onto)
    taken = []
    for part in candidates:
        ids = tables.part_ids(part.sha256)
        if isin(ids, spoken).any():
            continue
        gone = ids.take(~isin(ids, added))
        if len(gone) and tables.present(onto, gone).any():
            continue
        if _stale(tables, diff, source, ids, apart).sum() <= MOST_STALE * part.rows:
            taken.append(part)
    return taken


def _stale(tables: Tables, diff: SlideDiff, source: State, ids: Ids, apart: Ids | None) -> Mask:
    """Return which ids of parts of `source` do not hold there what the difference wants."""
    stale = isin(ids, tables.overlay_ids(source)) | ~isin(ids, diff.ids)
    return stale if apart is None else stale | isin(ids, apart)


def _hashes_in(tables: Tables, parts: Sequence[PartInfo], ids: Ids) -> tuple[Ids, Hashes]:
    """Return ids in their order, and the hash of the row that the parts hold of each."""
    if not len(ids):
        return ids, np.empty(0, np.uint64)
    rows = tables.rows_in_parts(parts, ids)
    found = parse_ids(rows.column("id"))
    order = sorted_order(found)
    return found.take(order), hash_rows(rows)[order]


def _change_set(diff: SlideDiff, stale: Ids, below: tuple[Ids, Hashes]) -> pa.Table:
    """Return the rows of a change set; those over parts that are taken over are changes of these."""
    at = locate(below[0], diff.ids) if len(stale) else np.full(len(diff), -1, np.int64)
    on_part = at >= 0
    changed = diff.take(diff.in_new & (diff.in_old | on_part))
    added = diff.take(diff.in_new & ~diff.in_old & ~on_part)
    deleted = diff.take(~diff.in_new)
    old = changed.old_hash.copy()
    places = at[diff.in_new & (diff.in_old | on_part)]
    old[places >= 0] = below[1][places[places >= 0]]
    gone = ~isin(below[0], diff.ids)
    none = np.full(len(added), NO_ROW, np.uint64)
    pieces = [
        marked(concat([added.new]), "add", none, none),
        marked(concat([changed.new]), "update", old, changed.new_hash),
        deletions(deleted.ids, deleted.old_hash),
        deletions(below[0].take(gone), below[1][gone]),
    ]
    return pa.concat_tables([CHANGES_SCHEMA.empty_table(), *pieces], promote_options="default")
