"""What the header of a segmentation model has for itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput

if TYPE_CHECKING:
    from wsinb.trees.forest.forest import Forest

__all__ = ["check_windows"]


def check_windows(header: Mapping[str, Any], forest: Forest, window: int) -> None:
    """Raise `InvalidInput`, `KeyError` or `TypeError` unless a header fits the forest that it came with."""
    labels = header["labels"]
    if forest.classes != tuple(range(len(labels))) or any(type(name) is not str for name in labels):
        raise InvalidInput("its labels do not match its classes")
    pixels = window * window
    if forest.n_outputs != pixels or forest.n_features != 3 * pixels:
        raise InvalidInput(f"its forest does not see windows of {window} px")
    if type(header["white_is_background"]) is not bool:
        raise InvalidInput("white_is_background is neither true nor false")
