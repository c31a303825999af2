"""The Parquet files of a store: parts, runs and change sets."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wsinb.annotate.arrow import geo_document
from wsinb.annotate.schema import SCHEMA
from wsinb.errors import InvalidInput
from wsinb.frames import Box
from wsinb.versions.tables.columns import own_keys
from wsinb.versions.tables.hashes import NO_ROW
from wsinb.versions.tables.ids import Ids, id_array

__all__ = [
    "CHANGES_SCHEMA",
    "NEW",
    "OLD",
    "OP",
    "OPS",
    "ROW_GROUP",
    "bounds_of_rows",
    "box_mask",
    "check_box",
    "deletions",
    "encode_changes",
    "encode_part",
    "hilbert_order",
    "marked",
    "order_of_boxes",
    "table_bounds",
]

ROW_GROUP = 2048
ZSTD_LEVEL = 1
HILBERT_LEVEL = 16
SIDES = ("xmin", "ymin", "xmax", "ymax")
BBOX_PATHS = [f"bbox.{side}" for side in SIDES]
WORDS = ["shape", "label", "layer", "created_by", "updated_by", "properties"]

OP = "_op"
OPS = ("add", "update", "delete")
"""What a row of a change set did to the table of the first parent."""

OLD, NEW = "_old", "_new"
"""The content hash of the row in the first parent and in the commit; 0 where there is none."""

MARKS = (pa.field(OP, pa.string()), pa.field(OLD, pa.uint64()), pa.field(NEW, pa.uint64()))
CHANGES_SCHEMA = pa.schema([*SCHEMA, *MARKS])


def marked(
    rows: pa.Table,
    ops: str | npt.NDArray[np.str_] | npt.NDArray[np.object_],
    old: npt.NDArray[np.uint64],
    new: npt.NDArray[np.uint64],
) -> pa.Table:
    """Return rows of a table as those of a change set: what is done to them, and both content hashes."""
    texts = pa.repeat(pa.scalar(ops), rows.num_rows) if isinstance(ops, str) else pa.array(ops, pa.string())
    for name, column in ((OP, texts), (OLD, pa.array(old)), (NEW, pa.array(new))):
        rows = rows.append_column(name, column)
    return rows


def deletions(ids: Ids, old: npt.NDArray[np.uint64]) -> pa.Table:
    """Return rows of a change set that delete ids, given the hashes of their rows."""
    columns = [id_array(ids) if field.name == "id" else pa.nulls(len(ids), field.type) for field in SCHEMA]
    return marked(pa.table(columns, schema=SCHEMA), OPS[2], old, np.full(len(ids), NO_ROW, np.uint64))


def hilbert_order(table: pa.Table) -> npt.NDArray[np.int64]:
    """Return the row order along a Hilbert curve over the centres; rows without geometry last."""
    return order_of_boxes(bounds_of_rows(table))


def order_of_boxes(bounds: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the order of boxes, shape (n, 4), along a Hilbert curve over the centres; those of NaN last."""
    present = np.flatnonzero(~np.isnan(bounds[:, 0]))
    if not len(present):
        return np.arange(len(bounds))
    centres = (bounds[present, :2] + bounds[present, 2:]) / 2
    order = present[np.argsort(_hilbert_distance(centres), kind="stable")]
    return np.concatenate([order, np.flatnonzero(np.isnan(bounds[:, 0]))])


def _hilbert_distance(l0_xy: npt.NDArray[np.float64]) -> npt.NDArray[np.uint32]:
    """Return how far along a Hilbert curve over their bounds places lie, shape (n, 2) to (n,).

    The curve has 2**16 cells a side. J. Skilling, "Programming the Hilbert curve", AIP Conf. Proc. 707, 2004.
    """
    low = l0_xy.min(axis=0)
    size = np.maximum(l0_xy.max(axis=0) - low, np.finfo(np.float64).tiny)
    cells = ((l0_xy - low) / size * (2**HILBERT_LEVEL - 1)).astype(np.uint32)
    x, y = np.ascontiguousarray(cells[:, 0]), np.ascontiguousarray(cells[:, 1])
    for level in range(HILBERT_LEVEL - 1, 0, -1):
        bit = np.uint32(1 << level)
        below = np.uint32(bit - 1)
        # x: turned over where its bit is set; y: turned over where its bit is set, else swapped with x below
        x ^= below * ((x & bit) >> level)
        swap = (x ^ y) & below * (1 - ((y & bit) >> level))
        y_set = below * ((y & bit) >> level)
        x ^= swap | y_set
        y ^= swap
    y ^= x
    turn = np.zeros(len(x), np.uint32)
    for level in range(HILBERT_LEVEL - 1, 0, -1):
        turn ^= np.uint32((1 << level) - 1) * ((y >> level) & 1)
    x, y = x ^ turn, y ^ turn
    return np.asarray(_spread(x) << 1 | _spread(y), np.uint32)


def _spread(values: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Return numbers of 16 bits with a zero before each of their bits."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        values = np.asarray((values | values << shift) & np.uint32(mask), np.uint32)
    return values


def encode_part(table: pa.Table) -> bytes:
    """Return a part as GeoParquet 1.1: small row groups with statistics of their boxes.

    Own columns stand behind those of every table; one without any value is left out.
    """
    return _encode(table, (), write_statistics=BBOX_PATHS, use_dictionary=WORDS)


def encode_changes(table: pa.Table) -> bytes:
    """Return a change set or a run: a part with three more columns, ``_op``, ``_old`` and ``_new``.

    Small ones leave out what only helps large ones: it would double their size.
    """
    if table.num_rows <= ROW_GROUP:
        return _encode(table, MARKS, write_statistics=False, use_dictionary=False)
    return _encode(table, MARKS, write_statistics=BBOX_PATHS, use_dictionary=[*WORDS, OP])


def _encode(table: pa.Table, marks: Sequence[pa.Field], **options: Any) -> bytes:
    sink = io.BytesIO()
    own = [key for key in own_keys(table) if table.column(key).null_count < table.num_rows]
    schema = pa.schema([*SCHEMA, *(table.schema.field(key) for key in own), *marks])
    table = table.select(schema.names).cast(schema).replace_schema_metadata(None)
    with pq.ParquetWriter(
        sink, schema, compression="zstd", compression_level=ZSTD_LEVEL, store_schema=False, **options
    ) as writer:
        writer.write_table(table, row_group_size=ROW_GROUP)
        geo = geo_document(geometry_types(table.column("geometry")), table_bounds(table))
        writer.add_key_value_metadata({"geo": geo.decode()})
    return sink.getvalue()


def geometry_types(wkb: pa.ChunkedArray) -> list[int]:
    """Return the types, as shapely numbers them, that occur among geometries as little-endian WKB."""
    found: set[int] = set()
    for chunk in wkb.chunks:
        present = chunk.drop_null()
        if len(present):
            starts = np.frombuffer(present.buffers()[1], np.int32, len(present), 4 * present.offset)
            found |= set(np.unique(np.frombuffer(present.buffers()[2], np.uint8)[starts + 1]).tolist())
    return [_TYPE_OF_WKB[code] for code in sorted(found)]


_TYPE_OF_WKB = {1: 0, 2: 1, 3: 3, 4: 4, 5: 5, 6: 6}


def bounds_of_rows(table: pa.Table) -> npt.NDArray[np.float64]:
    """Return the level-0 box of each row, shape (n, 4); NaN where there is no geometry."""
    bbox = table.column("bbox")
    sides = [pc.struct_field(bbox, side).to_numpy(zero_copy_only=False) for side in SIDES]
    return np.column_stack([np.asarray(side, np.float64) for side in sides]).reshape(-1, 4)


def table_bounds(table: pa.Table) -> tuple[float, float, float, float] | None:
    """Return the level-0 box of all rows, or None if none has a geometry."""
    bounds = bounds_of_rows(table)
    bounds = bounds[~np.isnan(bounds[:, 0])]
    if not len(bounds):
        return None
    low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def box_mask(bounds: npt.NDArray[np.float64], l0_box: Box) -> npt.NDArray[np.bool_]:
    """Return which boxes, shape (n, 4), meet a box whose maxima lie outside; NaN meets none."""
    return np.asarray(
        (bounds[:, 0] < l0_box.l0_xmax)
        & (bounds[:, 1] < l0_box.l0_ymax)
        & (bounds[:, 2] >= l0_box.l0_xmin)
        & (bounds[:, 3] >= l0_box.l0_ymin)
    )


def check_box(bbox: Iterable[float] | None) -> Box | None:
    """Return a box in level-0 pixels, or raise `InvalidInput`."""
    if bbox is None:
        return None
    try:
        box = Box(*(float(value) for value in bbox))
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInput(
            f"A box is four numbers (xmin, ymin, xmax, ymax) in level-0 pixels: {error}."
        ) from error
    if not all(np.isfinite(box)) or box.width < 0 or box.height < 0:
        raise InvalidInput(
            f"A box needs finite numbers with xmin <= xmax and ymin <= ymax, not {tuple(box)}."
        )
    return box
