"""The header of a segmentation model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput

if TYPE_CHECKING:
    from wsinb.trees.forest.forest import Forest

__all__ = ["check_header", "library_versions"]


def check_header(header: Mapping[str, Any], forest: Forest, window: int) -> None:
    """Raise `InvalidInput`, `KeyError` or `TypeError` unless a header fits the forest that it came with."""
    labels = header["labels"]
    if not isinstance(labels, list) or not all(isinstance(name, str) and name for name in labels):
        raise InvalidInput("its labels are not names")
    if forest.classes != tuple(range(len(labels))) or len(set(labels)) != len(labels):
        raise InvalidInput("its labels do not match its classes")
    pixels = window * window
    if forest.n_outputs != pixels or forest.n_features != 3 * pixels:
        raise InvalidInput(f"its forest does not see windows of {window} px")
    if type(header["white_is_background"]) is not bool:
        raise InvalidInput("white_is_background is neither true nor false")
    for key in ("um_per_px", "downsample"):
        value = header[key]
        if value is not None and (type(value) not in (int, float) or not 0 < value < 1e6):
            raise InvalidInput(f"{key} is {value!r}")


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that a model depends on."""
    from importlib.metadata import version

    from wsinb import __version__

    return {**{name: version(name) for name in ("numba", "numpy", "scikit-learn")}, "wsinb": __version__}
