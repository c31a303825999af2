"""Which rows of an upsert change anything, and who changed them when."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from wsinb.annotate.schema import SCHEMA
from wsinb.versions.tables.columns import own_keys
from wsinb.versions.tables.hashes import HASHED
from wsinb.versions.tables.ids import Ids, locate, parse_ids, sorted_order

__all__ = ["sign"]


def sign(rows: pa.Table, ids: Ids, stored: pa.Table, author: str) -> tuple[pa.Table, Ids]:
    """Return the rows that differ from the stored ones, signed and timed, and their ids.

    Own columns that the rows lack keep their stored values.

    Parameters
    ----------
    rows, ids
        The rows of an upsert and their ids.
    stored
        The present rows of those ids that exist, in any order.
    author
        Signs new rows that name no creator, and all changed ones.
    """
    old_ids = parse_ids(stored.column("id"))
    order = sorted_order(old_ids)
    found = locate(old_ids.take(order), ids)
    exists = found >= 0
    # the stored row of each row; null where there is none
    before = stored.take(pa.array(order[found], mask=~exists)) if stored.num_rows else None
    if before is not None:
        for key in own_keys(before):
            if key not in rows.column_names:
                rows = rows.append_column(before.schema.field(key), before.column(key))
    changed = ~exists if before is None else ~exists | _differs(rows, before)
    now = pa.scalar(pd.Timestamp.now("UTC"), SCHEMA.field("updated_at").type)
    signed = {"created_by": pc.fill_null(rows.column("created_by"), author)}
    if before is not None:
        mask = pa.array(exists)
        for name in ("created_by", "created_at"):
            given = signed.get(name, rows.column(name))
            signed[name] = pc.if_else(mask, before.column(name), given)
        signed["updated_by"] = pc.if_else(mask, author, rows.column("updated_by"))
        signed["updated_at"] = pc.if_else(mask, now, rows.column("updated_at"))
    for name, column in signed.items():
        rows = rows.set_column(rows.schema.get_field_index(name), SCHEMA.field(name), column)
    if changed.all():
        return rows, ids
    return rows.filter(pa.array(changed)), ids.take(changed)


def _differs(rows: pa.Table, before: pa.Table) -> npt.NDArray[np.bool_]:
    differs = np.zeros(rows.num_rows, bool)
    for name in [*HASHED, *own_keys(rows)]:
        if name not in before.column_names:
            differs |= np.asarray(pc.is_valid(rows.column(name)), dtype=bool)
            continue
        new, old = rows.column(name), before.column(name)
        same = pc.fill_null(pc.equal(new, old), False)
        both_null = pc.and_(pc.is_null(new), pc.is_null(old))
        differs |= ~np.asarray(pc.or_(same, both_null), dtype=bool)
    return differs
