"""Extra-trees on subwindows: forests without pickle, and the segmentation of whole slides."""

from __future__ import annotations

from wsinb.trees.forest import Forest
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

__all__ = [
    "COLOURS",
    "INTERPOLATIONS",
    "Boxes",
    "Forest",
    "SegmentationForest",
    "TrainingRegion",
    "draw_subwindows",
    "random_boxes",
    "resized_windows",
    "segment_slide",
    "to_colour",
    "train_segmentation",
]
