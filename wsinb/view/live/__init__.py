"""Pixels learned and predicted while strokes are drawn in a viewer."""

from __future__ import annotations

from wsinb.view.live.pixels import LivePixels
from wsinb.view.live.timings import Timings

__all__ = ["LivePixels", "Timings"]
