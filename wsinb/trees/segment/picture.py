"""`write_probabilities`: the probabilities of a label as a slide of their own."""

from __future__ import annotations

import glob
import os
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput, StorageError, WsinbError
from wsinb.names import given_path, is_among, unknown
from wsinb.progress import Progress, Tracker
from wsinb.trees.outlines.raster import rasterise
from wsinb.trees.scale import warn_if_enlarged
from wsinb.trees.segment.finished import open_finished, resumed_values
from wsinb.trees.segment.tilemodel import TileModel, check_model, plan_for, planes_of
from wsinb.trees.tiling import Core, Plan, in_order, usable_cores

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from wsinb.frames import Box
    from wsinb.tiles import Slide

__all__ = ["write_probabilities"]

QUALITY = 89


def write_probabilities(
    slide: Slide,
    model: TileModel,
    label: str,
    path: str | os.PathLike[str],
    *,
    within: Box | BaseGeometry | None = None,
    tile_size: int = 1024,
    colours: NDArray[np.uint8] | None = None,
    quality: int = QUALITY,
    skip_white: bool | None = None,
    progress: Progress = None,
    threads: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Path:
    """Write how probable a label is at each pixel of a slide as a pyramid of tiles, which `open_slide` reads.

    The picture has the resolution of the model and covers the whole slide, so that it can be laid over it.
    Memory is bounded by the tiles in flight; one byte a pixel is kept on disk beside the file meanwhile.

    Parameters
    ----------
    slide : Slide
    model : SegmentationForest, PixelForest or another `TileModel`
    label : str
        One of the model's labels; that of the background is what the others leave.
    path : str or Path
        The file, replaced if it is there; it appears when it is complete.
    within, tile_size, skip_white, progress, threads, checkpoint
        See `segment_slide`; outside of `within` the probability is 0 (1 for the background). A checkpoint is
        for one label.
    colours : ndarray (256, 3), uint8, optional
        Colours of probabilities from 0 to 1; black to white by default.
    quality : int
        Of the JPEG tiles, 1 to 89; at 89 the probabilities are kept to within a few 255ths.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    InvalidInput
        If the model has no such label, a parameter is out of range, or the checkpoint is one of another
        slide, model or setting.
    UnknownMpp
        If the model was trained in micrometres and the slide does not know its own.
    StorageError
        If the file or the checkpoint cannot be written.
    """
    check_model(model)
    labels = model.header["labels"]
    if not is_among(label, labels):
        raise InvalidInput(unknown("label in this model", label, labels))
    table = _colour_table(colours)
    target = given_path(path, "The picture of probabilities is a path")
    plan = plan_for(slide, model, tile_size, within)
    warn_if_enlarged(slide, plan.downsample)
    skip = model.header["white_is_background"] if skip_white is None else skip_white
    finished = None
    if checkpoint is not None:
        settings = {"tile_size": tile_size, "skip_white": skip, "label": label}
        finished = open_finished(checkpoint, plan, model, {"function": "write_probabilities", **settings})
    number = labels.index(label)
    values = partial(resumed_values, finished, partial(_bytes_of, plan, model, number, skip))
    cores = in_order(lambda core: (core, values(core)), plan.cores, usable_cores(threads), "segment")
    tracker = Tracker(len(plan.cores), f"mapping {label} on {slide.name}", progress)
    try:
        with closing(cores), _raw_beside(target) as raw:
            _fill(raw, plan, 0 if number else 255)
            with tracker:
                for core, lines in cores:
                    _put(raw, plan.width, core, lines)
                    tracker.update()
            raw.flush()
            _write_picture(Path(raw.name), plan, table, target, quality)
    except WsinbError:  # such as a slide that is gone, which is an OSError, too
        raise
    except OSError as error:
        raise StorageError(
            f"the picture could not be written to {target}: {error.strerror or error}; choose another folder"
        ) from error
    return target


@contextmanager
def _raw_beside(target: Path) -> Iterator[BinaryIO]:
    """Open a file for plain bytes beside another one; those that killed runs have left there are removed."""
    from wsinb.versions.journal.holders import is_held, take_lock

    for left in target.parent.glob(f".{glob.escape(target.name)}.*.raw"):
        if is_held(left) is False:
            left.unlink(missing_ok=True)
    path = target.with_name(f".{target.name}.{uuid.uuid4().hex}.raw")
    with path.open("xb") as file:
        try:
            take_lock(file.fileno())
            yield file
        finally:
            path.unlink(missing_ok=True)


def _write_picture(raw: Path, plan: Plan, table: Any, target: Path, quality: int) -> None:
    import pyvips

    from wsinb.tiles import write_pyramid

    gray: Any = pyvips.Image.rawload(str(raw), plan.width, plan.height, 1)
    l0_mpp = plan.slide.mpp_xy
    mpp = l0_mpp and (l0_mpp[0] * plan.downsample, l0_mpp[1] * plan.downsample)
    write_pyramid(gray.maplut(table).copy(interpretation="srgb"), target, mpp=mpp, quality=quality)


def _colour_table(colours: NDArray[np.uint8] | None) -> Any:
    import pyvips

    if colours is None:
        colours = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    if not isinstance(colours, np.ndarray) or colours.shape != (256, 3) or colours.dtype != np.uint8:
        raise InvalidInput("colours must be (256, 3) uint8, one colour for each probability from 0 to 1")
    return pyvips.Image.new_from_array(np.ascontiguousarray(colours)[None], interpretation="srgb")


def _bytes_of(plan: Plan, model: TileModel, label: int, skip_white: bool, core: Core) -> NDArray[np.uint8]:
    """Return the probabilities of a core as 0 to 255, (h, w) uint8."""
    planes = planes_of(model, plan, core, skip_white=skip_white)
    values = planes[label - 1] if label else 1 - planes.sum(axis=0)
    if plan.within is not None:
        inside = rasterise([plan.within], values.shape, x=core.x0, y=core.y0, downsample=plan.downsample)
        values = np.where(inside, values, 0 if label else 1)
    scaled: NDArray[np.uint8] = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return scaled


def _fill(file: BinaryIO, plan: Plan, value: int) -> None:
    if not value:
        file.truncate(plan.width * plan.height)
        return
    row = bytes([value]) * plan.width
    for _ in range(plan.height):
        file.write(row)


def _put(file: BinaryIO, width: int, core: Core, values: NDArray[np.uint8]) -> None:
    for row, line in enumerate(values, core.y0):
        file.seek(row * width + core.x0)
        file.write(line.tobytes())
