"""Extra-trees: classify, segment, find, sort, and workflows of them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from wsinb.trees.forest import Forest
from wsinb.trees.models import load_model
from wsinb.trees.segment import (
    SegmentationForest,
    SegmentationValidation,
    TileModel,
    TrainingRegion,
    cross_validate_segmentation,
    segment_slide,
    train_segmentation,
    write_probabilities,
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
    from wsinb.trees.cropping import Crops, crops
    from wsinb.trees.find import find_objects, find_tissue, sort_objects
    from wsinb.trees.pixels import PixelField, PixelForest, filter_bank, train_pixels
    from wsinb.trees.workflow import Rule, Workflow
    from wsinb.trees.workflow.chain import chain

__all__ = [
    "COLOURS",
    "INTERPOLATIONS",
    "Boxes",
    "Crops",
    "DirectClassifier",
    "Forest",
    "LeafClassifier",
    "PixelField",
    "PixelForest",
    "Rule",
    "SegmentationForest",
    "SegmentationValidation",
    "TileModel",
    "TrainingRegion",
    "Workflow",
    "chain",
    "crops",
    "cross_validate",
    "cross_validate_segmentation",
    "draw_subwindows",
    "filter_bank",
    "find_objects",
    "find_tissue",
    "load_model",
    "random_boxes",
    "resized_windows",
    "search",
    "segment_slide",
    "sort_objects",
    "to_colour",
    "train_pixels",
    "train_segmentation",
    "write_probabilities",
]

# some are estimators of scikit-learn, which takes a second to load; none is needed to segment
_HOME = {
    "Crops": "wsinb.trees.cropping",
    "DirectClassifier": "wsinb.trees.classify",
    "LeafClassifier": "wsinb.trees.classify",
    "PixelField": "wsinb.trees.pixels",
    "PixelForest": "wsinb.trees.pixels",
    "Rule": "wsinb.trees.workflow",
    "Workflow": "wsinb.trees.workflow",
    "chain": "wsinb.trees.workflow",
    "cross_validate": "wsinb.trees.classify",
    "crops": "wsinb.trees.cropping",
    "filter_bank": "wsinb.trees.pixels",
    "find_objects": "wsinb.trees.find",
    "find_tissue": "wsinb.trees.find",
    "search": "wsinb.trees.classify",
    "sort_objects": "wsinb.trees.find",
    "train_pixels": "wsinb.trees.pixels",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'wsinb.trees' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
