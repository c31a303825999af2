"""Segmentation by multi-output extra-trees: learning from annotated regions, and whole slides."""

from __future__ import annotations

from wsinb.trees.segment.apply import segment_slide
from wsinb.trees.segment.crossvalidate import cross_validate_segmentation
from wsinb.trees.segment.model import SegmentationForest
from wsinb.trees.segment.picture import write_probabilities
from wsinb.trees.segment.sampling import TrainingRegion
from wsinb.trees.segment.tilemodel import TileModel
from wsinb.trees.segment.training import train_segmentation
from wsinb.trees.segment.validation import SegmentationValidation

__all__ = [
    "SegmentationForest",
    "SegmentationValidation",
    "TileModel",
    "TrainingRegion",
    "cross_validate_segmentation",
    "segment_slide",
    "train_segmentation",
    "write_probabilities",
]
