"""The parameters of a pixel forest, and what its images may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.numbers import real

if TYPE_CHECKING:
    from wsinb.trees.forest.forest import Forest

__all__ = [
    "COLOURS",
    "KINDS",
    "PARAMETERS",
    "channels_of",
    "check_channels",
    "check_parameters",
    "json_fit",
    "to_channels",
    "whole",
]

KINDS = ("extra", "random")
COLOURS = ("rgb", "hsv", "gray")
PARAMETERS = (
    "n_trees", "max_depth", "min_samples_leaf", "max_features", "n_pixels", "balance", "kind", "scales",
    "filters", "colour", "stages", "random_state",
)  # fmt: skip
MAX_STAGES = 4
MAX_CHANNELS = 64


def whole(name: str, value: Any, low: int, high: int) -> int:
    """Return a whole number; `InvalidInput` if it is none, or out of range."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
        raise InvalidInput(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    return int(value)


def check_parameters(
    n_trees: Any,
    max_depth: Any,
    min_samples_leaf: Any,
    max_features: Any,
    n_pixels: Any,
    stages: Any,
    random_state: Any,
) -> tuple[int, int | None, int, float | int | str, int, int, int]:
    """Return the numbers among the parameters; `InvalidInput` if one is out of range."""
    features: float | int | str = "sqrt"
    if isinstance(max_features, float):
        share = real(max_features)
        if share is None or not 0 < share <= 1:
            raise InvalidInput(f"max_features must be a share above 0 and at most 1, not {max_features!r}")
        features = share
    elif max_features is not None and max_features != "sqrt":
        features = whole("max_features", max_features, 1, 2**20)
    return (
        whole("n_trees", n_trees, 1, 10_000),
        None if max_depth is None else whole("max_depth", max_depth, 1, 1000),
        whole("min_samples_leaf", min_samples_leaf, 1, 10**9),
        features,
        whole("n_pixels", n_pixels, 2, 10**8),
        whole("stages", stages, 1, MAX_STAGES),
        whole("random_state", random_state, 0, 2**32 - 1),
    )


def channels_of(image: Any) -> NDArray[np.uint8]:
    """Return an image as (h, w, n_channels); `InvalidInput` if it is none."""
    planes = image[..., None] if isinstance(image, np.ndarray) and image.ndim == 2 else image
    if not isinstance(planes, np.ndarray) or planes.ndim != 3 or planes.dtype != np.uint8 or not planes.size:
        kind = f"{image.shape} {image.dtype}" if isinstance(image, np.ndarray) else type(image).__name__
        raise InvalidInput(f"an image must be (h, w) or (h, w, channels) uint8 with pixels, not {kind}")
    if planes.shape[2] > MAX_CHANNELS:
        raise InvalidInput(f"an image has at most {MAX_CHANNELS} channels, not {planes.shape[2]}")
    return planes


def to_channels(image: NDArray[np.uint8], colour: str) -> NDArray[np.uint8 | np.float32]:
    """Return what the filters see of an image: its channels; hue, saturation and value; or one gray one.

    Raises
    ------
    InvalidInput
        If the colour space is not that of such images.
    """
    planes = channels_of(image)
    if colour == "rgb":
        return planes
    if planes.shape[2] != 3:
        raise InvalidInput(f"colour={colour!r} needs 3 channels, not {planes.shape[2]}: use colour='rgb'")
    if colour == "gray":
        return np.asarray(planes.mean(axis=2, keepdims=True, dtype=np.float32), np.float32)
    import cv2

    return np.asarray(cv2.cvtColor(np.ascontiguousarray(planes), cv2.COLOR_RGB2HSV_FULL), np.uint8)


def json_fit(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return parameters as they come back from JSON."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in parameters.items()}


def check_channels(header: Mapping[str, Any], forest: Forest) -> None:
    """Raise `InvalidInput` or `KeyError` unless what pixel models have for themselves fits the forest."""
    labels = header["labels"]
    if forest.classes != tuple(range(len(labels))) or len(labels) < 2:
        raise InvalidInput("its labels do not match its classes")
    if forest.n_outputs != 1:
        raise InvalidInput(f"its forest has {forest.n_outputs} outputs")
    whole("channels", header["channels"], 1, MAX_CHANNELS)
    if type(header["white_is_background"]) is not bool:
        raise InvalidInput("white_is_background is neither true nor false")
