"""Pictures of the annotations of a version, with labels and groups."""

from __future__ import annotations

from wsinb.trees.crops.choose import crops
from wsinb.trees.crops.crops import Crops
from wsinb.trees.crops.frame import View

__all__ = ["Crops", "View", "crops"]
