"""Work on many pieces of slides: on threads, in order, a few at a time."""

from __future__ import annotations

from wsinb.trees.tiling.checkpoint import FinishedPieces
from wsinb.trees.tiling.cores import Core, Plan, plan_cores
from wsinb.trees.tiling.inorder import in_order, usable_cores

__all__ = ["Core", "FinishedPieces", "Plan", "in_order", "plan_cores", "usable_cores"]
