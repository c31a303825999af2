"""What `segment_slide` and `write_probabilities` ask of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.trees.scale import downsample_on
from wsinb.trees.tiling import Core, Plan, plan_cores

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from wsinb.frames import Box
    from wsinb.tiles import Slide

__all__ = ["TileModel", "check_model", "classes_of", "plan_for", "planes_of"]

TOLERANCE = 1e-3


class TileModel(Protocol):
    """Anything that turns pieces of a slide into class probabilities.

    Attributes
    ----------
    header : dict
        `labels` by class, the first being the background; `um_per_px` or `downsample`: the resolution that it
        wants; `white_is_background`: whether empty glass need not be looked at.
    """

    header: dict[str, Any]

    def core_planes(self, plan: Plan, core: Core, *, skip_white: bool = False) -> NDArray[np.float32]:
        """Return the probabilities of the classes above the background, (n_classes - 1, h, w).

        The model reads what it needs around the core by itself (``plan.read(core, halo)``, say). What it
        returns for a pixel must not depend on the core that the pixel lies in. Called from several threads.
        """


def check_model(model: Any) -> None:
    """Raise `InvalidInput` unless something is a model of tiles that has been trained."""
    header = getattr(model, "header", None)
    planes = getattr(model, "core_planes", None)
    if isinstance(model, type) or not isinstance(header, dict) or not callable(planes):
        raise InvalidInput(
            f"{model!r:.60} is no model of tiles: give one that train_segmentation or train_pixels returned, "
            "or an object with a header and core_planes"
        )
    if not header.get("labels"):
        raise InvalidInput("this model has not been trained: call fit or load first")
    lacking = [name for name in ("um_per_px", "downsample", "white_is_background") if name not in header]
    if lacking:
        raise InvalidInput(f"the header of the model {type(model).__name__} lacks {lacking[0]!r}: add it")


def planes_of(model: TileModel, plan: Plan, core: Core, *, skip_white: bool) -> NDArray[np.float32]:
    """Return what a model says of a core, checked.

    Raises
    ------
    InvalidInput
        If it is anything but probabilities of the classes above the background.
    """
    planes: Any = model.core_planes(plan, core, skip_white=skip_white)
    shape = (len(model.header["labels"]) - 1, *core.shape)
    found = getattr(planes, "shape", type(planes).__name__)
    if not isinstance(planes, np.ndarray) or planes.shape != shape or planes.dtype.kind != "f":
        fault = f"{found} {getattr(planes, 'dtype', '')}".strip()
    # NaN is not between
    elif planes.size and not (planes.min() >= -TOLERANCE and planes.max() <= 1 + TOLERANCE):
        fault = "numbers that are no probabilities from 0 to 1"
    else:
        return planes
    raise InvalidInput(
        f"the model {type(model).__name__} returned {fault} for a core: it must return {shape} probabilities"
    )


def classes_of(planes: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the most probable class of each pixel, the lower of equals.

    Parameters
    ----------
    planes : ndarray (n_classes - 1, h, w), float32
        Probabilities of the classes above the background, which has what they leave.

    Returns
    -------
    ndarray (h, w), uint8
    """
    background = 1 - planes.sum(axis=0)
    best = planes.argmax(axis=0)
    highest = np.take_along_axis(planes, best[None], axis=0)[0]
    return np.where(highest > background, best + 1, 0).astype(np.uint8)


def plan_for(
    slide: Slide, model: TileModel, tile_size: int, within: Box | BaseGeometry | None = None
) -> Plan:
    """Cut a slide into cores at the resolution of a model.

    Raises
    ------
    UnknownMpp
        If the model was trained in micrometres and the slide does not know its own.
    InvalidInput
        If the tiles are too small or `within` has no area.
    """
    downsample = downsample_on(slide, model.header["um_per_px"], model.header["downsample"])
    return plan_cores(slide, downsample, tile_size, within)
