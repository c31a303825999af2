"""Finished tiles in a folder, so that an interrupted run goes on from them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsinb.trees.outlines.ragged import from_ragged, to_ragged
from wsinb.trees.tiling import FinishedPieces
from wsinb.trees.workflow.look import Seen
from wsinb.trees.workflow.topology import Tile

__all__ = ["Checkpoint"]


class Checkpoint:
    """A folder of finished tiles, see `FinishedPieces`.

    Tiles of other parameters, another segmenter or another slide lie in folders of other names.

    Parameters
    ----------
    folder : str or Path
        Made if it is not there.
    about : mapping
        JSON values that decide what is found on a tile.

    Raises
    ------
    InvalidInput, StorageError
        If it is no path, or the folder cannot be written.
    """

    def __init__(self, folder: str | os.PathLike[str], about: Mapping[str, Any]) -> None:
        self._pieces = FinishedPieces.apart(folder, about)

    def load(self, tile: Tile) -> Seen | None:
        """Return what was found on a tile; None if it is not finished, or its file is damaged."""
        stored = self._pieces.load(_name(tile))
        try:
            return None if stored is None else _checked(stored, tile)
        except Exception:  # noqa: BLE001  arrays of whatever: the tile is done again
            return None

    def save(self, tile: Tile, seen: Seen) -> None:
        """Keep what was found on a tile.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        self._pieces.save(
            _name(tile), **to_ragged(seen.polygons), classes=seen.classes, core=seen.core, whole=seen.whole
        )


def _name(tile: Tile) -> str:
    return f"tile-{tile.region:06}-{tile.number:06}"


def _checked(stored: dict[str, NDArray[Any]], tile: Tile) -> Seen | None:
    """Make a result of arrays that come from a file; None if they cannot be one."""
    polygons = from_ragged(stored, (tile.x.start, tile.y.start, tile.x.end, tile.y.end))
    if polygons is None:
        return None
    n = len(polygons)
    classes = stored["classes"].astype(np.int32)
    core, whole = stored["core"].astype(np.float64), stored["whole"].astype(np.float64)
    if classes.shape != (n,) or core.shape != (n, 2) or whole.shape != (n, 2):
        return None
    if n and classes.min() < 1:
        return None
    return Seen(polygons, classes, core, whole, np.zeros(3))
