"""The outlines of many annotations in a few arrays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wsinb.errors import StorageError
from wsinb.serve.vectors.kernels import ring_boxes
from wsinb.serve.vectors.wkb import read_wkb

__all__ = ["PieceRings", "Shapes", "no_shapes", "rings_of", "shapes_of", "starts_of"]

LARGEST_U32 = 2**32 - 1


class Shapes(NamedTuple):
    """Outlines: the rings of annotation `i` are ``ring_starts[i]:ring_starts[i + 1]``.

    Attributes
    ----------
    boxes : float32, (n, 4)
        Boxes of the annotations: xmin, ymin, xmax, ymax, level-0 pixels.
    kinds : uint8, (n,)
        As in a tile.
    ring_starts, vertex_starts : uint32, (n + 1,) and (r + 1,)
        Where the rings of an annotation and the vertices of a ring start.
    l0_xy : float32, (v, 2)
        Vertices, without the closing point of a ring.
    several, several_starts : int64, (m,)
        The annotations that have not just one ring, ascending, and where their rings stand in the lists
        that follow.
    ring_boxes, holes : float32, (k, 4), and bool, (k,)
        Of the rings of these annotations alone: their boxes, and whether they are holes.
    """

    boxes: NDArray[np.float32]
    kinds: NDArray[np.uint8]
    ring_starts: NDArray[np.uint32]
    vertex_starts: NDArray[np.uint32]
    l0_xy: NDArray[np.float32]
    several: NDArray[np.int64]
    several_starts: NDArray[np.int64]
    ring_boxes: NDArray[np.float32]
    holes: NDArray[np.bool_]

    @property
    def nbytes(self) -> int:
        """Memory that the arrays take, without the boxes, in bytes."""
        return sum(array.nbytes for array in self[1:])


class PieceRings(NamedTuple):
    """The rings of a piece of a table; arrays as `read_wkb` fills them."""

    kinds: NDArray[np.uint8]
    ring_counts: NDArray[np.uint32]
    ring_vertices: NDArray[np.uint32]
    holes: NDArray[np.bool_]
    l0_xy: NDArray[np.float32]


def rings_of(geometry: pa.ChunkedArray) -> PieceRings:
    """Return the rings of geometries as well-known binary.

    Raises
    ------
    StorageError
        If one is damaged, or is no point, line or polygon, or several of these.
    """
    chunk = geometry.cast(pa.large_binary()).combine_chunks()
    n = len(chunk)
    offsets = np.frombuffer(chunk.buffers()[1], np.int64, n + 1, 8 * chunk.offset)
    start, size = int(offsets[0]), int(offsets[-1] - offsets[0])
    data = np.frombuffer(chunk.buffers()[2] or b"", np.uint8, size, start) if size else np.zeros(0, np.uint8)
    # one type for numba, whether or not the memory is Arrow's
    data, offsets = data.view(), offsets - start
    data.flags.writeable = False
    xy, ring_vertices = np.empty((size // 16, 2), np.float32), np.empty(size // 4, np.uint32)
    holes, ring_counts, kinds = np.empty(size // 4, bool), np.zeros(n, np.uint32), np.empty(n, np.uint8)
    refused, rings, vertices = read_wkb(data, offsets, xy, ring_vertices, holes, ring_counts, kinds)
    if refused >= 0:
        raise StorageError(
            f"A geometry of the stored annotations is damaged or of no kind that is drawn (row {refused} "
            f"of a file): project.verify() tells which file, to be restored from a backup."
        )
    return PieceRings(
        kinds, ring_counts, ring_vertices[:rings].copy(), holes[:rings].copy(), xy[:vertices].copy()
    )


def shapes_of(boxes: NDArray[np.float32], pieces: Iterable[PieceRings]) -> Shapes:
    """Return the shapes of annotations, given their boxes and their rings, piece by piece."""
    ring_counts, kinds, vertices, holes = [], [], [], []
    l0_xy: list[NDArray[np.float32]] = []
    for piece in pieces:
        kinds.append(piece.kinds)
        ring_counts.append(piece.ring_counts)
        vertices.append(piece.ring_vertices)
        holes.append(piece.holes)
        l0_xy.append(piece.l0_xy)
    counts = np.concatenate([np.zeros(0, np.uint32), *ring_counts])
    ring_starts = starts_of(counts)
    vertex_starts = starts_of(np.concatenate([np.zeros(0, np.uint32), *vertices]))
    xy = _emptied(l0_xy, int(vertex_starts[-1]))
    several = np.flatnonzero(counts != 1)
    rings = _runs(ring_starts[several].astype(np.int64), counts[several].astype(np.int64))
    boxes_of_rings = np.empty((len(rings), 4), np.float32)
    ring_boxes(xy, vertex_starts, rings, boxes_of_rings)
    return Shapes(
        boxes=boxes,
        kinds=np.concatenate([np.zeros(0, np.uint8), *kinds]),
        ring_starts=ring_starts,
        vertex_starts=vertex_starts,
        l0_xy=xy,
        several=several.astype(np.int64),
        several_starts=(np.cumsum(counts[several]) - counts[several]).astype(np.int64),
        ring_boxes=boxes_of_rings,
        holes=np.concatenate([np.zeros(0, bool), *holes])[rings],
    )


def no_shapes() -> Shapes:
    """Return no shapes."""
    return shapes_of(np.zeros((0, 4), np.float32), ())


def _emptied(pieces: list[NDArray[np.float32]], n: int) -> NDArray[np.float32]:
    """Return vertices in one array; each piece is let go of, so that they are hardly ever there twice."""
    joined = np.empty((n, 2), np.float32)
    place = n
    while pieces:
        piece = pieces.pop()
        joined[place - len(piece) : place] = piece
        place -= len(piece)
    return joined


def starts_of(counts: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return where each group starts, and where the last ends, (n + 1,), from the sizes of groups."""
    starts = np.zeros(len(counts) + 1, np.uint32)
    if int(counts.sum(dtype=np.int64)) > LARGEST_U32:
        raise StorageError("The annotations of the slide have more than 4 billion vertices: split the slide.")
    np.cumsum(counts, out=starts[1:])
    return starts


def _runs(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers of runs one after the other: ``starts[0], starts[0] + 1, ...``."""
    if not len(starts):
        return np.zeros(0, np.int64)
    ends = np.cumsum(counts)
    return np.repeat(starts - (ends - counts), counts) + np.arange(int(ends[-1]))
