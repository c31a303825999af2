"""What the cores of a slide gave, kept in a folder so that an interrupted run goes on from there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.trees.models import identity
from wsinb.trees.outlines.ragged import from_ragged, to_ragged
from wsinb.trees.outlines.seams import Found, Piece
from wsinb.trees.segment.tilemodel import TileModel
from wsinb.trees.tiling import Core, FinishedPieces, Plan

__all__ = ["open_finished", "resumed_piece", "resumed_values"]

SIDES = ("top", "bottom", "left", "right")


def open_finished(
    folder: str | os.PathLike[str], plan: Plan, model: TileModel, settings: Mapping[str, Any]
) -> FinishedPieces:
    """Open a checkpoint for cores of a plan.

    Parameters
    ----------
    folder : str or Path
    plan : Plan
    model : TileModel
    settings : mapping
        What else decides the result; JSON values by the name that a refusal tells.

    Raises
    ------
    InvalidInput
        If it is no path, or holds tiles of another slide, model or setting.
    StorageError
        If the folder cannot be written.
    """
    within = None if plan.within is None else hashlib.sha256(shapely.to_wkb(plan.within)).hexdigest()
    about = {
        "format": 1,
        "slide": plan.slide.checksum,
        "resolution": [plan.downsample, plan.width, plan.height],
        "model": identity(model),
        "within": within,
        **settings,
    }
    return FinishedPieces.alone(folder, about)


def resumed_piece(
    finished: FinishedPieces | None, n_classes: int, make: Callable[[Core], Piece], core: Core
) -> Piece:
    """Return what was found in a core: as it was kept, or else made and kept."""
    if finished is None:
        return make(core)
    stored = finished.load(_name(core))
    piece = None if stored is None else _piece(stored, core, n_classes)
    if piece is None:
        piece = make(core)
        finished.save(_name(core), **_arrays(piece))
    return piece


def resumed_values(
    finished: FinishedPieces | None, make: Callable[[Core], NDArray[np.uint8]], core: Core
) -> NDArray[np.uint8]:
    """Return the bytes of the pixels of a core: as they were kept, or else made and kept."""
    if finished is None:
        return make(core)
    values = (finished.load(_name(core)) or {}).get("values")
    if values is None or values.dtype != np.uint8 or values.shape != core.shape:
        values = make(core)
        finished.save(_name(core), values=values)
    return values


def _name(core: Core) -> str:
    return f"tile-{core.row:06}-{core.column:06}"


def _arrays(piece: Piece) -> dict[str, NDArray[Any]]:
    polygons = np.empty(len(piece.found), object)
    polygons[:] = [found.polygon for found in piece.found]
    number = piece.number
    return {
        **to_ragged(polygons),
        "labels": np.array([found.label for found in piece.found], np.int64),
        "n_pixels": np.array([found.n_pixels for found in piece.found], np.int64),
        "sums": np.array([found.probability_sum for found in piece.found], np.float64),
        **dict(zip(SIDES, (number[0], number[-1], number[:, 0], number[:, -1]), strict=True)),
    }


def _piece(stored: dict[str, NDArray[Any]], core: Core, n_classes: int) -> Piece | None:
    """Make a piece of arrays that come from a file; None if they cannot be one of this core."""
    try:
        polygons = from_ragged(stored, (core.x0, core.y0, core.x1, core.y1))
        labels, n_pixels, sums = (stored[name] for name in ("labels", "n_pixels", "sums"))
        sides = [stored[name] for name in SIDES]
    except (KeyError, TypeError, ValueError):
        return None
    if polygons is None or any(part.shape != (len(polygons),) for part in (labels, n_pixels, sums)):
        return None
    height, width = core.shape
    kinds = [labels.dtype, n_pixels.dtype, *(side.dtype for side in sides)]
    if sums.dtype != np.float64 or any(kind not in (np.int32, np.int64) for kind in kinds):
        return None
    if [side.shape for side in sides] != [(width,), (width,), (height,), (height,)]:
        return None
    members = np.concatenate(sides)
    if members.min() < 0 or members.max() > len(polygons):
        return None
    if len(polygons) and not (labels.min() > 0 and labels.max() < n_classes and n_pixels.min() > 0):
        return None
    if not (sums >= 0).all() or not (sums <= 1.01 * n_pixels).all():
        return None
    number = np.zeros(core.shape, np.int32)
    number[0], number[-1], number[:, 0], number[:, -1] = sides
    rows = zip(polygons, labels.tolist(), n_pixels.tolist(), sums.tolist(), strict=True)
    return Piece(core.row, core.column, [Found(*row) for row in rows], number)
