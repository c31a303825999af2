"""Extra-trees on subwindows: forests without pickle, and the segmentation of whole slides."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from wsinb.trees.forest import Forest
from wsinb.trees.models import load_model
from wsinb.trees.segment import (
    SegmentationForest,
    TrainingRegion,
    segment_slide,
    train_segmentation,
)
from wsinb.trees.windows import (
    COLOURS,
    INTERPOLATIONS,
    Boxes,
    draw_subwindows,
    random_boxes,
    resized_windows,
    to_colour,
)

if TYPE_CHECKING:
    from wsinb.trees.classify import DirectClassifier, LeafClassifier, cross_validate, search
    from wsinb.trees.pixels import PixelField, PixelForest, filter_bank

__all__ = [
    "COLOURS",
    "INTERPOLATIONS",
    "Boxes",
    "DirectClassifier",
    "Forest",
    "LeafClassifier",
    "PixelField",
    "PixelForest",
    "SegmentationForest",
    "TrainingRegion",
    "cross_validate",
    "draw_subwindows",
    "filter_bank",
    "load_model",
    "random_boxes",
    "resized_windows",
    "search",
    "segment_slide",
    "to_colour",
    "train_segmentation",
]

# these are estimators of scikit-learn, which takes a second to load
_HOME = {
    "DirectClassifier": "wsinb.trees.classify",
    "LeafClassifier": "wsinb.trees.classify",
    "PixelField": "wsinb.trees.pixels",
    "PixelForest": "wsinb.trees.pixels",
    "cross_validate": "wsinb.trees.classify",
    "filter_bank": "wsinb.trees.pixels",
    "search": "wsinb.trees.classify",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'wsinb.trees' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
