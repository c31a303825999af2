"""Functions, estimators and ONNX models in the roles of segmenter and classifier."""

from __future__ import annotations

from wsinb.trees.roles.classifier import Classified, Classifier, as_classifier
from wsinb.trees.roles.onnx import OnnxModel
from wsinb.trees.roles.segmenter import Segmented, Segmenter, as_segmenter

__all__ = [
    "Classified",
    "Classifier",
    "OnnxModel",
    "Segmented",
    "Segmenter",
    "as_classifier",
    "as_segmenter",
]
