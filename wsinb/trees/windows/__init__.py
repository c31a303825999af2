"""Subwindows: where they lie, cut out, resized, turned, and the colours that trees see."""

from __future__ import annotations

from wsinb.trees.windows.boxes import Boxes, random_boxes
from wsinb.trees.windows.colour import COLOURS, IMAGE_COLOURS, to_colour
from wsinb.trees.windows.cutting import INTERPOLATIONS, cut_windows, resized_windows
from wsinb.trees.windows.draws import Drawn, Draws, draw_subwindows
from wsinb.trees.windows.places import draw_balanced, window_places
from wsinb.trees.windows.turning import turn_windows

__all__ = [
    "COLOURS",
    "IMAGE_COLOURS",
    "INTERPOLATIONS",
    "Boxes",
    "Drawn",
    "Draws",
    "cut_windows",
    "draw_balanced",
    "draw_subwindows",
    "random_boxes",
    "resized_windows",
    "to_colour",
    "turn_windows",
    "window_places",
]
