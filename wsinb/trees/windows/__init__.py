"""Subwindows: where they lie, cut out, resized, turned, and the colours that trees see."""

from __future__ import annotations

from wsinb.trees.windows.subwindows import COLOURS, Boxes, random_boxes, resized_windows, to_colour

__all__ = ["COLOURS", "Boxes", "random_boxes", "resized_windows", "to_colour"]
