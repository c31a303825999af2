"""Classifying pictures by extra-trees on random subwindows, and validating that."""

from __future__ import annotations

from wsinb.trees.classify.base import NotFitted
from wsinb.trees.classify.crossvalidate import cross_validate
from wsinb.trees.classify.direct import DirectClassifier
from wsinb.trees.classify.leaves import LeafClassifier
from wsinb.trees.classify.searching import Search, search
from wsinb.trees.classify.validation import Validation

__all__ = [
    "DirectClassifier",
    "LeafClassifier",
    "NotFitted",
    "Search",
    "Validation",
    "cross_validate",
    "search",
]
