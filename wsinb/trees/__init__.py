"""Extra-trees on subwindows: forests without pickle, and the segmentation of whole slides."""

from __future__ import annotations

from wsinb.trees.forest import Forest
from wsinb.trees.sampling import TrainingRegion
from wsinb.trees.segment import segment_slide
from wsinb.trees.segmentation import SegmentationForest
from wsinb.trees.subwindows import COLOURS, Boxes, random_boxes, resized_windows, to_colour
from wsinb.trees.training import train_segmentation

__all__ = [
    "COLOURS",
    "Boxes",
    "Forest",
    "SegmentationForest",
    "TrainingRegion",
    "random_boxes",
    "resized_windows",
    "segment_slide",
    "to_colour",
    "train_segmentation",
]
