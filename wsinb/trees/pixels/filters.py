"""Filter banks: what a pixel and its neighbourhood look like, at several scales.

The features of the trainable segmentation tools (Arganda-Carreras et al., Bioinformatics 2017; Arzt et al.,
Frontiers in Computer Science 2022; scikit-image's `multiscale_basic_features`): each channel smoothed by
Gaussians, and the gradient, the eigenvalues of the Hessian, differences of Gaussians and the eigenvalues of
the structure tensor of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.names import unknown
from wsinb.trees.threads import run_threads

__all__ = ["FILTERS", "check_filters", "feature_names", "filter_bank", "margin_of", "padded", "valid_bank"]

FILTERS = ("intensity", "gradient", "hessian", "difference", "tensor")
"""Smoothed value; length of the gradient; two eigenvalues of the Hessian; difference to the next finer scale;
two eigenvalues of the structure tensor, integrated over twice the scale."""
SCALES = (1.0, 2.0, 4.0, 8.0)
PLAIN = ("intensity", "gradient", "hessian", "difference")
TRUNCATE = 3.0
MAX_SCALE = 100.0
ROWS = 64


def filter_bank(
    image: NDArray[Any],
    *,
    scales: Sequence[float] = SCALES,
    filters: Sequence[str] = PLAIN,
    n_jobs: int | None = None,
) -> NDArray[np.float32]:
    """Return the features of each pixel.

    Beyond its borders the image is continued by its outermost pixels. A feature depends on no pixel farther
    away than `margin_of(scales, filters)`: a piece that is cut out with so many pixels around it gives,
    inside, the features of the whole, bit by bit.

    Parameters
    ----------
    image : ndarray (h, w) or (h, w, n_channels), uint8 or float32
    scales : sequence of float
        Standard deviations of the Gaussians in pixels, ascending, each above 0 and at most 100.
    filters : sequence of str
        Among `FILTERS`.
    n_jobs : int, optional
        Threads; None is one for each core. The result does not depend on it.

    Returns
    -------
    ndarray (h, w, n_features), float32
        In the order of `feature_names`.

    Raises
    ------
    InvalidInput
        If the image is of another kind or holds NaN or infinite values, a scale is out of range or a filter
        unknown.
    """
    values, kinds = check_filters(scales, filters)
    planes = _planes(image)
    return valid_bank(padded(planes, margin_of(values, kinds)), values, kinds, n_jobs=n_jobs)


def padded(planes: NDArray[Any], margin: int) -> NDArray[Any]:
    """Continue an image (h, w, n_channels) by its outermost pixels on all sides."""
    return np.pad(planes, ((margin, margin), (margin, margin), (0, 0)), mode="edge")


def margin_of(scales: Sequence[float], filters: Sequence[str] = PLAIN) -> int:
    """Return how far away the pixels are that a feature depends on."""
    reach = [_radius(scale) + 1 + (_radius(2 * scale) if "tensor" in filters else 0) for scale in scales]
    return max(reach)


def feature_names(
    n_channels: int, scales: Sequence[float] = SCALES, filters: Sequence[str] = PLAIN
) -> list[str]:
    """Name the features of a filter bank, such as ``"hessian 0 channel 1 scale 2"``."""
    values, kinds = check_filters(scales, filters)
    twice = {"hessian", "tensor"}
    parts = [
        name
        for kind in FILTERS if kind in kinds and kind != "tensor"
        for name in ([f"{kind} 0", f"{kind} 1"] if kind in twice else [kind])
    ]  # fmt: skip
    names = []
    for channel in range(n_channels):
        names += [f"intensity channel {channel}"] if "intensity" in kinds else []
        names += [f"{part} channel {channel} scale {scale:g}" for scale in values for part in parts]
    if "tensor" in kinds:
        names += [
            f"tensor {part} channel {channel} scale {scale:g}"
            for channel in range(n_channels)
            for scale in values
            for part in (0, 1)
        ]
    return names


def check_filters(
    scales: Sequence[float], filters: Sequence[str]
) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Return scales and filters as tuples, the filters in the order of `FILTERS`.

    Raises
    ------
    InvalidInput
        If there are none, one is out of range, unknown or repeated.
    """
    try:
        values = tuple(float(scale) for scale in scales)
    except (TypeError, ValueError):
        raise InvalidInput(f"scales must be numbers of pixels such as (1, 2, 4), not {scales!r}") from None
    if not values or not all(0 < value <= MAX_SCALE for value in values) or sorted(set(values)) != [*values]:
        raise InvalidInput(f"scales must ascend, above 0 and at most {MAX_SCALE:g} px, not {scales!r}")
    kinds = [filters] if isinstance(filters, str) else list(filters)
    for kind in kinds:
        if kind not in FILTERS:
            raise InvalidInput(unknown("filter", kind, FILTERS))
    if not kinds or len(set(kinds)) != len(kinds):
        raise InvalidInput(f"filters must be different ones of {', '.join(FILTERS)}, not {kinds}")
    return values, tuple(kind for kind in FILTERS if kind in kinds)


def valid_bank(
    planes: NDArray[Any],
    scales: tuple[float, ...],
    filters: tuple[str, ...],
    *,
    margin: int | None = None,
    n_jobs: int | None = None,
) -> NDArray[np.float32]:
    """Return the features of the pixels that have `margin` pixels around them.

    Parameters
    ----------
    planes : ndarray (h + 2 margin, w + 2 margin, n_channels)
    margin : int, optional
        At least `margin_of(scales, filters)`, the default.

    Returns
    -------
    ndarray (h, w, n_features), float32
    """
    margin = margin_of(scales, filters) if margin is None else margin
    height, width = planes.shape[0] - 2 * margin, planes.shape[1] - 2 * margin
    n_channels = planes.shape[2]
    smooth = np.empty((n_channels, 1 + len(scales), *planes.shape[:2]), np.float32)
    smooth[:, 0] = np.moveaxis(planes, 2, 0)
    tasks = [(channel, number) for number in range(len(scales), 0, -1) for channel in range(n_channels)]
    run_threads(partial(_smooth, smooth, scales), tasks, n_jobs)
    out = np.empty((height, width, len(feature_names(n_channels, scales, filters))), np.float32)
    kinds = tuple(kind in filters for kind in PLAIN)
    _write_rows(smooth, margin, kinds, out, n_jobs)
    if "tensor" in filters:
        first = out.shape[2] - 2 * n_channels * len(scales)
        places = [
            (channel, number, first + 2 * (channel * len(scales) + number - 1)) for channel, number in tasks
        ]
        run_threads(partial(_tensor, smooth, scales, margin, out), places, n_jobs)
    return out


def _radius(scale: float) -> int:
    return int(np.ceil(TRUNCATE * scale))


def _gaussian(plane: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    import cv2

    kernel = cv2.getGaussianKernel(2 * _radius(scale) + 1, scale, cv2.CV_32F)
    return np.asarray(cv2.sepFilter2D(plane, cv2.CV_32F, kernel, kernel, borderType=cv2.BORDER_REPLICATE))


def _smooth(smooth: NDArray[np.float32], scales: tuple[float, ...], task: tuple[int, int]) -> None:
    channel, number = task
    smooth[channel, number] = _gaussian(smooth[channel, 0], scales[number - 1])


def _write_rows(
    smooth: NDArray[np.float32],
    margin: int,
    kinds: tuple[bool, ...],
    out: NDArray[np.float32],
    n_jobs: int | None,
) -> None:
    from wsinb.trees.pixels.derive import write_features

    n_scales = smooth.shape[1] - 1
    n_plain = smooth.shape[0] * (kinds[0] + n_scales * (sum(kinds) + kinds[2]))

    def write(top: int) -> None:
        room = np.empty((n_plain, out.shape[1]), np.float32)
        write_features(smooth, margin, kinds, room, top, min(top + ROWS, len(out)), out)

    if n_plain:
        run_threads(write, range(0, len(out), ROWS), n_jobs)


def _tensor(
    smooth: NDArray[np.float32],
    scales: tuple[float, ...],
    margin: int,
    out: NDArray[np.float32],
    place: tuple[int, int, int],
) -> None:
    from wsinb.trees.pixels.derive import write_tensor

    channel, number, first = place
    plane = smooth[channel, number]
    dx, dy = np.zeros_like(plane), np.zeros_like(plane)
    dx[:, 1:-1] = (plane[:, 2:] - plane[:, :-2]) * np.float32(0.5)
    dy[1:-1] = (plane[2:] - plane[:-2]) * np.float32(0.5)
    xx, xy, yy = (_gaussian(product, 2 * scales[number - 1]) for product in (dx * dx, dx * dy, dy * dy))
    write_tensor(xx, xy, yy, margin, first, out)


def _planes(image: NDArray[Any]) -> NDArray[Any]:
    """Return an image as (h, w, n_channels); `InvalidInput` if it is none."""
    planes = image[..., None] if getattr(image, "ndim", 0) == 2 else image
    if not isinstance(planes, np.ndarray) or planes.ndim != 3 or not planes.size:
        shape = getattr(image, "shape", type(image).__name__)
        raise InvalidInput(f"an image must be (h, w) or (h, w, channels) with pixels, not {shape}")
    if planes.dtype not in (np.uint8, np.float32):
        raise InvalidInput(f"an image must be uint8 or float32, not {planes.dtype}")
    if planes.dtype == np.float32 and not np.isfinite(planes).all():
        raise InvalidInput("an image holds NaN or infinite values: fill them first")
    return planes
