"""The slide viewer in a notebook cell, on ipyleaflet; its twin in the browser is in ``widgets/``."""

from __future__ import annotations

from wsinb.view.layer import SlideLayer
from wsinb.view.linking import SideBySide, link, side_by_side, unlink
from wsinb.view.picture import draw_picture
from wsinb.view.viewer import SlideViewer

__all__ = ["SideBySide", "SlideLayer", "SlideViewer", "draw_picture", "link", "side_by_side", "unlink"]
