"""Pictures of the cases, small: from crops, from arrays, or cut from the slides of a project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput, UnknownAnnotation
from wsinb.trees.cropping import Crops, View
from wsinb.trees.cropping.slides import OpenSlides
from wsinb.view.confusion.places import Places

if TYPE_CHECKING:
    from wsinb.view.confusion.cases import Cases

__all__ = ["MAX_SIDE", "Pictures", "as_jpeg", "pictures_of"]

MAX_SIDE = 512
# share of the box's sides around an annotation that is cut from a slide: what it lies in helps to judge it
CONTEXT = 0.25
# what has no size of its own is seen with so many pixels around it
POINT_PX = 64.0
_QUALITY = 90
Image = NDArray[np.uint8]


class Pictures(Protocol):
    """What has a picture of each case; several threads may ask."""

    def read(self, row: int, side: int) -> Image:
        """Read the picture of a case, no side longer than `side`: (h, w, 3) uint8, RGB."""


def pictures_of(cases: Cases, crops: Any, places: Places | None) -> Pictures | None:
    """Return where the pictures of a validation come from; None if there are none.

    Raises
    ------
    InvalidInput
        If `crops` are not the pictures of these cases.
    """
    if crops is not None:
        return _given(cases, crops)
    return None if places is None else SlidePictures(places)


def as_jpeg(image: Image) -> bytes:
    """Return a picture as a JPEG file."""
    import cv2

    _ok, encoded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(encoded.tobytes())


class CropPictures:
    """Pictures as the classifier saw them; `numbers` tells which of the crops a case is, -1 none."""

    def __init__(self, crops: Crops, numbers: NDArray[np.int64]) -> None:
        self._crops = crops
        self._numbers = numbers

    def read(self, row: int, side: int) -> Image:
        """Read the crop of a case, coarser if need be."""
        number = int(self._numbers[row])
        if number < 0:
            raise UnknownAnnotation("The crops hold no picture of this annotation: give those validated.")
        return self._crops.read(number, side)


class GivenPictures:
    """Arrays that a person gave, one a case, in the order of the validation."""

    def __init__(self, images: Sequence[Any]) -> None:
        self._images = images

    def read(self, row: int, side: int) -> Image:
        """Return the picture of a case, smaller if need be."""
        import cv2

        image = np.asarray(self._images[row])
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise InvalidInput(f"picture {row} is no (h, w, 3) array of uint8: give such pictures")
        factor = max(image.shape[:2]) / side
        if factor <= 1:
            return image
        height, width = (max(1, round(length / factor)) for length in image.shape[:2])
        return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


class SlidePictures:
    """Squares around annotations, cut from the slides of a project as `crops` cuts them."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._slides = OpenSlides(places.project, places.entries)

    def read(self, row: int, side: int) -> Image:
        """Cut the box of an annotation, widened to a square, with a quarter of its sides around it."""
        place = self._places.of(row)
        bounds = np.array(place.l0_bounds)
        if not np.ptp(bounds.reshape(2, 2), axis=0).any():
            bounds += np.array([-1, -1, 1, 1]) * POINT_PX / 2
        view = View(context=CONTEXT, size=side)
        (frame,) = view.frame(bounds, place.slide, None)
        with self._slides.use(place.slide) as slide:
            return view.read(slide, frame, None, *place.plane)


def _given(cases: Cases, crops: Any) -> Pictures:
    if isinstance(crops, Crops):
        ids = crops.table["id"].tolist()
        known = {name: number for number, name in enumerate(ids)}
        numbers = np.array([known.get(name, -1) for name in cases.ids], np.int64)
        if (numbers < 0).all():
            if len(ids) != len(cases) or cases.has_ids:
                raise InvalidInput(
                    "these crops are of none of the annotations that were validated: give those that were, "
                    "or none"
                )
            numbers = np.arange(len(cases))
        return CropPictures(crops, numbers)
    n = len(crops) if hasattr(crops, "__len__") and hasattr(crops, "__getitem__") else None
    if n is None or isinstance(crops, str):
        raise InvalidInput(f"crops are Crops or a sequence of pictures, not {type(crops).__name__}")
    if n != len(cases):
        raise InvalidInput(f"{len(cases)} pictures were validated, but {n} are given: give the same")
    return GivenPictures(crops)
