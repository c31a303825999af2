"""Workflows: segment, locate, merge, dispatch, classify (SLDC), on threads or on Dask."""

from __future__ import annotations

from wsinb.trees.roles import OnnxModel, as_classifier, as_segmenter
from wsinb.trees.workflow.chain import Chain, ChainFound, chain
from wsinb.trees.workflow.found import Failure, Found
from wsinb.trees.workflow.rules import Rule
from wsinb.trees.workflow.workflow import Workflow

__all__ = [
    "Chain",
    "ChainFound",
    "Failure",
    "Found",
    "OnnxModel",
    "Rule",
    "Workflow",
    "as_classifier",
    "as_segmenter",
    "chain",
]
