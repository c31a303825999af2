"""Pictures of the annotations of a version, with labels and groups."""

from __future__ import annotations

from wsinb.trees.cropping.choose import crops
from wsinb.trees.cropping.crops import Crops
from wsinb.trees.cropping.frame import View

__all__ = ["Crops", "View", "crops"]
