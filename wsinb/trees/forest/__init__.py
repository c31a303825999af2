"""Forests as plain arrays: from scikit-learn, evaluated by compiled code, stored without pickle."""

from __future__ import annotations

from wsinb.trees.forest.forest import Forest

__all__ = ["Forest"]
