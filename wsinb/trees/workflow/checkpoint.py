"""Finished tiles in a folder, so that an interrupted run goes on from them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.errors import StorageError
from wsinb.names import given_path
from wsinb.trees.workflow.look import Seen
from wsinb.trees.workflow.topology import Tile

__all__ = ["Checkpoint"]

ABOUT = "workflow.json"


class Checkpoint:
    """A folder of finished tiles: one npz file each, which appears under its name when it is complete.

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
        text = json.dumps(about, sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()[:24]
        self.folder = given_path(folder, "A checkpoint is the path of a folder") / key
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not (self.folder / ABOUT).exists():
                self._write(ABOUT, text.encode())
        except OSError as error:
            raise StorageError(
                f"finished tiles cannot be kept in {self.folder} ({error.strerror}): give another folder"
            ) from error

    def load(self, tile: Tile) -> Seen | None:
        """Return what was found on a tile; None if it is not finished, or its file is damaged."""
        try:
            data = self._path(tile).read_bytes()
            with np.load(io.BytesIO(data), allow_pickle=False) as stored:
                return _checked(dict(stored), tile)
        except FileNotFoundError:
            return None
        except Exception:  # noqa: BLE001  a file of whatever bytes: the tile is done again
            return None

    def save(self, tile: Tile, seen: Seen) -> None:
        """Keep what was found on a tile.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        _, xy, offsets = shapely.to_ragged_array(seen.polygons) if len(seen.polygons) else _NOTHING
        buffer = io.BytesIO()
        np.savez(
            buffer, xy=xy, rings=offsets[0], polygons=offsets[1], classes=seen.classes, core=seen.core,
            whole=seen.whole,
        )  # fmt: skip
        try:
            self._write(self._path(tile).name, buffer.getvalue())
        except OSError as error:
            raise StorageError(
                f"a finished tile cannot be kept in {self.folder} ({error.strerror}): make room there"
            ) from error

    def _path(self, tile: Tile) -> Path:
        return self.folder / f"tile-{tile.region:06}-{tile.number:06}.npz"

    def _write(self, name: str, data: bytes) -> None:
        handle, path = tempfile.mkstemp(prefix=f".{name}-", dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(path).replace(self.folder / name)
        except BaseException:
            Path(path).unlink(missing_ok=True)
            raise


_NOTHING = (None, np.empty((0, 2)), (np.zeros(1, np.int64), np.zeros(1, np.int64)))


def _checked(stored: dict[str, NDArray[Any]], tile: Tile) -> Seen | None:
    """Make a result of arrays that come from a file; None if they cannot be one."""
    xy, rings, members = (stored[name] for name in ("xy", "rings", "polygons"))
    if not (xy.ndim == 2 and xy.shape[1] == 2 and np.isfinite(xy).all()):
        return None
    if not (_are_offsets(rings, len(xy)) and _are_offsets(members, len(rings) - 1)):
        return None
    n = len(members) - 1
    polygons = np.empty(0, object)
    if n:
        offsets = (rings.astype(np.int64), members.astype(np.int64))
        polygons = shapely.from_ragged_array(shapely.GeometryType.POLYGON, xy.astype(np.float64), offsets)
        xmin, ymin, xmax, ymax = shapely.total_bounds(polygons)
        inside = tile.x.start <= xmin and xmax <= tile.x.end and tile.y.start <= ymin and ymax <= tile.y.end
        if not (inside and shapely.is_valid(polygons).all()):
            return None
    classes = stored["classes"].astype(np.int32)
    core, whole = stored["core"].astype(np.float64), stored["whole"].astype(np.float64)
    if len(polygons) != n or classes.shape != (n,) or core.shape != (n, 2) or whole.shape != (n, 2):
        return None
    if n and classes.min() < 1:
        return None
    return Seen(np.asarray(polygons, object), classes, core, whole, np.zeros(3))


def _are_offsets(offsets: NDArray[Any], length: int) -> bool:
    """Say whether numbers cut `length` things into pieces: they begin at 0, never go back, and end there."""
    whole = offsets.ndim == 1 and len(offsets) > 0 and np.issubdtype(offsets.dtype, np.integer)
    return bool(whole and offsets[0] == 0 and offsets[-1] == length and (np.diff(offsets) >= 0).all())
