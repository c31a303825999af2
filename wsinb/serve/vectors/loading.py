"""Reading identifiers and outlines behind the first picture, the large ones first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wsinb.annotate.schema import SCHEMA
from wsinb.serve.vectors.rings import PieceRings, Shapes, rings_of, shapes_of
from wsinb.versions.tables.ids import Ids, concat_ids, parse_ids, sorted_order
from wsinb.versions.tables.lean import Piece

__all__ = ["Names", "Outlines", "Part"]

READERS = 2
AHEAD = 4  # pieces that are read before they are needed
MAX_EARLY_PIECES_PART = (
    4  # the large ones are read first where they lie in fewer than this part of all groups
)
ROWS_OF_GROUP = 2048
IDS = pa.schema([SCHEMA.field("id")])
GEOMETRY = pa.schema([SCHEMA.field("geometry")])


class Names(NamedTuple):
    """Identifiers in ascending order, and the place of each annotation in that order (uint32, (n,))."""

    ids: Ids
    rows: NDArray[np.uint32]


class Part(NamedTuple):
    """Shapes of some annotations, and their places (int64, ascending); None if they are all."""

    places: NDArray[np.int64] | None
    shapes: Shapes


class Outlines:
    """What is read of annotations after their boxes; whoever asks waits, unless it is there.

    Parameters
    ----------
    pieces
        Of the table.
    boxes
        Boxes of the annotations, float32, (n, 4), in the order of the pieces.
    big
        Places of those that are read first, ascending.
    """

    def __init__(self, pieces: Sequence[Piece], boxes: NDArray[np.float32], big: NDArray[np.uint32]) -> None:
        self._pieces = pieces
        self._boxes = boxes
        self._big = big.astype(np.int64)
        self._names: Future[Names] = Future()
        self._large: Future[Part | None] = Future()
        self._all: Future[Part] = Future()
        self._unwanted = threading.Event()

    @property
    def nbytes(self) -> int:
        """Memory that is taken so far, in bytes."""
        taken = 0
        if self._names.done() and not self._names.exception():
            names = self._names.result()
            taken += names.rows.nbytes + names.ids.high.nbytes + names.ids.low.nbytes
        if self._all.done() and not self._all.exception():
            taken += self._all.result().shapes.nbytes
        return taken

    @property
    def failed(self) -> bool:
        """Whether something could not be read, so that asking again may help."""
        return any(each.done() and each.exception() is not None for each in (self._names, self._all))

    def names(self) -> Names:
        """Return the identifiers; waits."""
        return self._names.result()

    def all(self) -> Part:
        """Return all shapes; waits."""
        return self._all.result()

    def early(self, places: NDArray[np.int64]) -> Part | None:
        """Return shapes that have some annotations among them, if they are there; does not wait."""
        if self._all.done():
            return self._all.result()
        large = self._large.result() if self._large.done() else None
        if large is None or large.places is None or not np.isin(places, large.places).all():
            return None
        return large

    def start(self) -> None:
        """Read in a thread of its own."""
        threading.Thread(target=self.load, name="wsinb-outlines", daemon=True).start()

    def stop(self) -> None:
        """Read no more: nobody wants it."""
        self._unwanted.set()

    def when_done(self, call: Callable[[], object]) -> None:
        """Call a function once everything is read or has failed; at once if it has."""
        self._all.add_done_callback(lambda _: call())

    def load(self) -> None:
        """Read everything; what fails is told to those who ask."""
        waiting: list[Future[Any]] = [self._names, self._large, self._all]
        try:
            self._names.set_result(self._read_names())
            self._large.set_result(self._read_large())
            pieces = self._each(self._pieces, lambda piece: rings_of(piece.read(GEOMETRY).column(0)))
            self._all.set_result(Part(None, shapes_of(self._boxes, pieces)))
        except BaseException as error:  # noqa: BLE001 - told to those who ask
            for each in waiting:
                if not each.done():
                    each.set_exception(error)
        finally:
            self._pieces = ()

    def _read_names(self) -> Names:
        ids = concat_ids(list(self._each(self._pieces, lambda piece: parse_ids(piece.read(IDS).column(0)))))
        order = sorted_order(ids)
        rows = np.empty(len(order), np.uint32)
        rows[order] = np.arange(len(order), dtype=np.uint32)
        return Names(ids.take(order), rows)

    def _read_large(self) -> Part | None:
        """Return the shapes of the large annotations; None where that is no faster than all."""
        starts = np.cumsum([0, *map(len, self._pieces)])
        number = np.searchsorted(starts, self._big, "right") - 1
        groups = np.unique(self._big // ROWS_OF_GROUP)
        if not len(self._big) or len(groups) * ROWS_OF_GROUP * MAX_EARLY_PIECES_PART > len(self._boxes):
            return None
        wanted = [(self._pieces[k], self._big[number == k] - starts[k]) for k in np.unique(number)]

        def read(job: tuple[Piece, NDArray[np.int64]]) -> PieceRings:
            return rings_of(job[0].read(GEOMETRY, job[1]).column(0))

        return Part(self._big, shapes_of(self._boxes[self._big], self._each(wanted, read)))

    def _each(self, items: Sequence[Any], read: Callable[[Any], Any]) -> Iterator[Any]:
        """Yield what is read of each of several things, a few of them ahead."""
        with ThreadPoolExecutor(READERS, thread_name_prefix="wsinb-outlines") as pool:
            ahead = [pool.submit(read, item) for item in items[:AHEAD]]
            for number in range(len(items)):
                if self._unwanted.is_set():
                    for each in ahead:
                        each.cancel()
                    raise InterruptedError("The annotations are not wanted any more.")
                result = ahead.pop(0).result()
                if number + AHEAD < len(items):
                    ahead.append(pool.submit(read, items[number + AHEAD]))
                yield result
