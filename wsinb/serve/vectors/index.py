"""The annotations of one version of one slide, ready for drawing tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from wsinb.serve.vectors.format import NO_LABEL, NO_LAYER
from wsinb.serve.vectors.rows import Renumbering
from wsinb.serve.vectors.search import survey
from wsinb.serve.vectors.sheet import BIG_L0_PX, NOBODY, Sheet, no_sheet, read_sheet
from wsinb.serve.vectors.zooms import density_max_zoom
from wsinb.versions.tables.ids import Ids

if TYPE_CHECKING:
    from wsinb.versions.tables.lean import Piece

__all__ = ["VectorIndex", "build_index", "names_of", "numbering"]

Places = NDArray[np.int64]
Pair = tuple[NDArray[np.uint16], NDArray[np.uint16]]


@dataclass(frozen=True, eq=False)
class VectorIndex:
    """A sheet of annotations, of which some may be dead, and a small one of what was added since.

    The place of an annotation is that in the first sheet, or, counted on, in the second. What is told to a
    browser depends on the annotations alone, not on how they are divided.

    Attributes
    ----------
    sheets
        Both sheets.
    dead
        Which annotations of each do not count, bool, (n,) or empty.
    rows
        The number of each row: the place of its id when all ids of the version are sorted.
    labels, layer_names
        What tiles refer to by number, sorted; more layers than a tile can name are left out.
    label_maps, layer_maps
        What the numbers in each sheet become in a tile; uint16 and uint8.
    counts, layer_counts
        How many annotations, also those of the whole image, have each.
    n
        Number of annotations that are drawn.
    bounds
        Box around these, level-0 pixels, or None.
    density_max_zoom
        Highest zoom that is drawn as density, or None.
    """

    sheets: tuple[Sheet, Sheet]
    dead: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    rows: Renumbering
    labels: list[str]
    layer_names: list[str]
    label_maps: Pair
    layer_maps: tuple[NDArray[np.uint8], NDArray[np.uint8]]
    counts: dict[str, int]
    layer_counts: dict[str, int]
    n: int
    bounds: list[float] | None
    density_max_zoom: int | None

    @property
    def nbytes(self) -> int:
        """Memory that the index takes so far, in bytes."""
        return sum(sheet.nbytes + dead.nbytes for sheet, dead in zip(self.sheets, self.dead, strict=True))

    @property
    def n_rows(self) -> int:
        """Number of all annotations, also of those that are not drawn."""
        return sum(len(sheet) for sheet in self.sheets) - int(self.dead[0].sum())

    @property
    def failed(self) -> bool:
        """Whether something could not be read, so that asking again may help."""
        return self.sheets[0].outlines.failed

    def touching(self, box: tuple[float, float, float, float], big: bool = False) -> Places:
        """Return the places of annotations that touch a box, or of the big ones alone, in any order."""
        found = []
        for sheet, dead, start in zip(self.sheets, self.dead, (0, len(self.sheets[0])), strict=True):
            places = sheet.big_touching(dead, box) if big else sheet.touching(dead, box)
            found.append(places + start)
        return np.concatenate(found)

    def boxes_at(self, places: Places) -> NDArray[np.float32]:
        """Return the boxes of annotations, (k, 4)."""
        return self.gather(places, (self.sheets[0].boxes, self.sheets[1].boxes))

    def rows_at(self, places: Places) -> NDArray[np.int64]:
        """Return the row numbers of annotations; waits for the identifiers."""
        n = len(self.sheets[0])
        rows = np.empty(len(places), np.int64)
        first = places < n
        rows[first] = self.rows.of_base(self.sheets[0].outlines.names().rows[places[first]])
        rows[~first] = self.rows.of_extra(self.sheets[1].outlines.names().rows[places[~first] - n])
        return rows

    def gather(self, places: Places, values: tuple[NDArray[Any], NDArray[Any]]) -> NDArray[Any]:
        """Return values of annotations from those of both sheets."""
        n = len(self.sheets[0])
        first = places < n
        found = np.empty((len(places), *values[0].shape[1:]), values[0].dtype)
        found[first], found[~first] = values[0][places[first]], values[1][places[~first] - n]
        return found

    def numbers_at(self, places: Places, kind: Literal["labels", "layers"]) -> NDArray[Any]:
        """Return the numbers that a tile has for the labels or layers of annotations."""
        maps = self.label_maps if kind == "labels" else self.layer_maps
        n = len(self.sheets[0])
        first = places < n
        found = np.empty(len(places), maps[0].dtype)
        found[first] = maps[0][getattr(self.sheets[0], kind)[places[first]]]
        found[~first] = maps[1][getattr(self.sheets[1], kind)[places[~first] - n]]
        return found

    def by_row(self, values: tuple[NDArray[Any], NDArray[Any]]) -> NDArray[Any]:
        """Return values of all annotations, from those of both sheets, in the order of rows; waits."""
        found = np.empty(self.n_rows, values[0].dtype)
        alive = ~self.dead[0] if len(self.dead[0]) else slice(None)
        found[self.rows.of_base(self.sheets[0].outlines.names().rows[alive])] = values[0][alive]
        found[self.rows.of_extra(self.sheets[1].outlines.names().rows)] = values[1]
        return found

    def ids_of(self, rows: Places) -> Ids:
        """Return the identifiers of row numbers, all of which exist; waits."""
        base, extra = (sheet.outlines.names().ids for sheet in self.sheets)
        is_extra, numbers = self.rows.back(rows)
        high, low = np.empty(len(rows), np.uint64), np.empty(len(rows), np.uint64)
        for half, out in enumerate((high, low)):
            out[~is_extra] = base[half][numbers[~is_extra]]
            out[is_extra] = extra[half][numbers[is_extra]]
        return Ids(high, low)

    def rows_of(self, ids: Ids) -> Places:
        """Return the row numbers of identifiers, -1 where there is none; waits."""
        from wsinb.versions.tables.ids import locate

        base = locate(self.sheets[0].outlines.names().ids, ids)
        extra = locate(self.sheets[1].outlines.names().ids, ids)
        base[self.rows.is_removed(base)] = -1
        rows = np.full(len(ids), -1, np.int64)
        rows[base >= 0] = self.rows.of_base(base[base >= 0])
        rows[extra >= 0] = self.rows.of_extra(extra[extra >= 0])
        return rows

    @cached_property
    def whole_rows(self) -> NDArray[np.int64]:
        """Row numbers of the annotations of the whole image, ascending; waits if there are any."""
        n, base = len(self.sheets[0]), self.sheets[0].whole
        if len(self.dead[0]):
            base = base[~self.dead[0][base]]
        places = np.concatenate([base, self.sheets[1].whole + n])
        return np.sort(self.rows_at(places)) if len(places) else places


_NOTHING: list[Sheet] = []


def nothing() -> Sheet:
    """Return the sheet of no annotations, of which one is enough."""
    if not _NOTHING:
        _NOTHING.append(no_sheet())
    return _NOTHING[0]


def build_index(pieces: Sequence[Piece], *, at_once: bool = False) -> VectorIndex:
    """Lay out a table of annotations for drawing.

    What density needs is read now, identifiers and outlines in the background, or `at_once`. The order of
    the rows does not matter: they are numbered by ascending id.
    """
    return index_of(read_sheet(pieces, at_once=at_once), NOBODY, nothing(), Renumbering.none())


def index_of(base: Sheet, dead: NDArray[np.bool_], extra: Sheet, rows: Renumbering) -> VectorIndex:
    """Return the index of a sheet without its dead and of what was added to it."""
    sheets, deads = (base, extra), (dead, NOBODY)
    counts = names_of([(sheet.label_names, sheet.labels) for sheet in sheets], deads)
    layer_counts = names_of([(sheet.layer_names, sheet.layers) for sheet in sheets], deads)
    labels, layers = list(counts)[:NO_LABEL], list(layer_counts)[:NO_LAYER]
    surveys = [survey(sheet.boxes, dead, float(BIG_L0_PX)) for sheet, dead in zip(sheets, deads, strict=True)]
    n = sum(each[0] for each in surveys)
    extent, centres = (
        np.concatenate([
            np.min([each[k][:2] for each in surveys], axis=0),
            np.max([each[k][2:] for each in surveys], axis=0),
        ])
        for k in (2, 3)
    )  # fmt: skip
    return VectorIndex(
        sheets=sheets,
        dead=deads,
        rows=rows,
        labels=labels,
        layer_names=layers,
        label_maps=_maps([sheet.label_names for sheet in sheets], labels, np.uint16),
        layer_maps=_maps([sheet.layer_names for sheet in sheets], layers, np.uint8),
        counts=counts,
        layer_counts=layer_counts,
        n=n,
        bounds=[float(value) for value in extent] if n else None,
        density_max_zoom=density_max_zoom([sheet.boxes for sheet in sheets], deads, n, centres),
    )


def names_of(
    sheets: Sequence[tuple[list[str], NDArray[np.uint16]]], deads: Sequence[NDArray[np.bool_]]
) -> dict[str, int]:
    """Return how many annotations have each name, in ascending order of the names that occur.

    Parameters
    ----------
    sheets
        Of each sheet its names, and the number of each annotation among them.
    deads
        As of `VectorIndex`.
    """
    found: dict[str, int] = {}
    for (names, numbers), dead in zip(sheets, deads, strict=True):
        counts = np.bincount(numbers, minlength=NO_LABEL + 1)
        if len(dead):
            counts -= np.bincount(numbers[dead], minlength=NO_LABEL + 1)
        for name, count in zip(names, counts.tolist(), strict=False):
            if count:
                found[name] = found.get(name, 0) + count
    return dict(sorted(found.items()))


def numbering(names: list[str], wanted: list[str], dtype: type) -> NDArray[Any]:
    """Return what numbers among names become among the wanted ones; the greatest number means none."""
    none = np.iinfo(dtype).max
    place = {name: number for number, name in enumerate(wanted)}
    numbers: NDArray[Any] = np.full(NO_LABEL + 1, none, dtype)
    numbers[: len(names)] = [place.get(name, none) for name in names]
    return numbers


def _maps(names: Sequence[list[str]], wanted: list[str], dtype: type) -> Any:
    return tuple(numbering(each, wanted, dtype) for each in names)
