"""Writing a tiled JPEG pyramid."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput, StorageError
from wsinb.tiles.model import positive

if TYPE_CHECKING:
    import pyvips

__all__ = ["write_pyramid"]

MAX_QUALITY = 89
"""From 90 on libvips stores RGB instead of YCbCr, which makes the file over four times larger."""


def write_pyramid(
    image: NDArray[np.uint8] | pyvips.Image,
    path: str | os.PathLike[str],
    *,
    mpp: float | tuple[float, float] | None = None,
    quality: int = 75,
    tile_size: int = 256,
    magnification: float | None = None,
) -> Path:
    """Write a picture as a BigTIFF pyramid of JPEG tiles, which `open_slide` reads by its fastest path.

    The file appears under its name only when it is complete.

    Parameters
    ----------
    image : ndarray (height, width, 3) uint8, or pyvips.Image
        RGB pixels; a pyvips image is written in bounded memory.
    path : str or Path
        The file, replaced if it is there.
    mpp : float or (float, float), optional
        Micrometres per pixel, stored in the resolution tags.
    quality : int
        JPEG quality from 1 to 89.
    tile_size : int
        Edge of a tile in pixels, a multiple of 16.
    magnification : float, optional
        Of the objective, stored in the image description.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    InvalidInput
        A parameter is out of range, or the picture is not 8-bit RGB.
    StorageError
        The file cannot be written.
    """
    if not 1 <= quality <= MAX_QUALITY:
        raise InvalidInput(f"quality is {quality}: use 1 to {MAX_QUALITY}.")
    if tile_size < 16 or tile_size % 16:
        raise InvalidInput(f"tile_size is {tile_size}: use a multiple of 16.")
    picture = _with_metadata(_vips_image(image), mpp, magnification)
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        picture.tiffsave(
            str(temporary),
            tile=True,
            tile_width=tile_size,
            tile_height=tile_size,
            pyramid=True,
            bigtiff=True,
            compression="jpeg",
            Q=quality,
            resunit="cm",
        )
        temporary.replace(path)
    except Exception as error:
        raise StorageError(
            f"{path} cannot be written: check that the folder is there, writable, and has space."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _vips_image(image: NDArray[np.uint8] | pyvips.Image) -> Any:
    import pyvips

    if isinstance(image, np.ndarray):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
            raise InvalidInput(
                f"The picture is {image.dtype} of shape {image.shape}: give (height, width, 3) uint8 RGB."
            )
        return pyvips.Image.new_from_array(np.ascontiguousarray(image), interpretation="srgb")
    if not isinstance(image, pyvips.Image) or image.format != "uchar" or image.bands != 3:
        raise InvalidInput(
            "The picture is not 8-bit RGB: give an array or a pyvips image of three uchar bands."
        )
    return image.copy(interpretation="srgb")


def _with_metadata(picture: Any, mpp: float | tuple[float, float] | None, magnification: float | None) -> Any:
    if mpp is not None:
        mpp_x, mpp_y = mpp if isinstance(mpp, tuple) else (mpp, mpp)
        if positive(mpp_x) is None or positive(mpp_y) is None:
            raise InvalidInput(f"mpp is {mpp!r}: give positive micrometres per pixel.")
        picture = picture.copy(xres=1000 / float(mpp_x), yres=1000 / float(mpp_y))  # libvips: pixels per mm
    if magnification is None:
        return picture
    if positive(magnification) is None:
        raise InvalidInput(f"magnification is {magnification!r}: give a positive number.")
    picture = picture.copy()
    picture.set_type(_gtype_text(), "image-description", json.dumps({"magnification": magnification}))
    return picture


def _gtype_text() -> int:
    import pyvips

    return int(pyvips.GValue.gstr_type)
