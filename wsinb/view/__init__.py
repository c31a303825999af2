"""The slide viewer in a notebook cell, on ipyleaflet; its twin in the browser is in ``widgets/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wsinb.view.layer import SlideLayer
from wsinb.view.linking import SideBySide, link, side_by_side, unlink
from wsinb.view.picture import draw_picture
from wsinb.view.viewer import SlideViewer

if TYPE_CHECKING:
    from wsinb.view.confusion import ConfusionMatrix

__all__ = [
    "ConfusionMatrix",
    "SideBySide",
    "SlideLayer",
    "SlideViewer",
    "draw_picture",
    "link",
    "side_by_side",
    "unlink",
]


def __getattr__(name: str) -> Any:
    # it needs the compiled code of the trees, which a viewer can do without
    if name == "ConfusionMatrix":
        from wsinb.view.confusion import ConfusionMatrix

        return ConfusionMatrix
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
