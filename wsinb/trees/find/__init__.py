"""Objects found by thresholds, and sorted by a classifier."""

from __future__ import annotations

from wsinb.trees.find.objects import find_objects
from wsinb.trees.find.sort import sort_objects
from wsinb.trees.find.tissue import find_tissue

__all__ = ["find_objects", "find_tissue", "sort_objects"]
