"""Where a viewer looks: its bounds, and the way to places and boxes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from traitlets import HasTraits, Tuple

from wsinb.errors import InvalidInput, UnknownAnnotation, UnknownMpp
from wsinb.frames import Box

if TYPE_CHECKING:
    from wsinb.tiles import Slide
    from wsinb.view.layer import SlideLayer

__all__ = ["MAX_ZOOM", "Places", "whole_zoom"]

MAX_ZOOM = 4.0
# what a cell is usually as wide as; only the still picture needs it
_CELL_WIDTH_PX = 900
_CELL_HEIGHT_PX = 500
# how much of the view an annotation takes up that is gone to
_ANNOTATION_PART = 0.4


class Places(HasTraits):
    """The part of a viewer that knows where it looks.

    Coordinates are level-0 pixels; the map underneath uses ``lat = -l0_y``, ``lng = l0_x``, and at zoom 0
    one slide pixel is one screen pixel.

    Attributes
    ----------
    bounds : Box
        What is in view, in level-0 pixels; the whole slide before it is displayed. Can be observed.
    """

    bounds = Tuple(read_only=True)

    slide: Slide
    layer: SlideLayer
    # of the map
    center: Any
    zoom: Any
    min_zoom: Any
    max_zoom: Any
    layout: Any

    def follow_view(self) -> None:
        """Keep `bounds` what the browser says it shows."""
        self._on_view()
        self.layer.observe(self._on_view, "view")

    def go_to(
        self,
        place: float | str,
        l0_y: float | None = None,
        *,
        um_per_px: float | None = None,
        zoom: float | None = None,
    ) -> None:
        """Bring a place or an annotation to the middle of the view.

        Parameters
        ----------
        place : float or str
            The place along x, in level-0 pixels, with `l0_y`; or the id of a stored annotation.
        l0_y : float, optional
            The place along y, in level-0 pixels.
        um_per_px : float, optional
            Micrometres per screen pixel; the viewer takes the nearest zoom that is a power of two.
        zoom : float, optional
            Instead of `um_per_px`: 0 is one slide pixel per screen pixel, each step doubles. By default
            an annotation fills a good part of the view, and a place does not change the zoom.

        Raises
        ------
        InvalidInput
            If both or none usable of the two are given, or a number is not finite.
        UnknownAnnotation
            If the shown version has no annotation of that id.
        UnknownMpp
            If `um_per_px` is given and the slide does not say how large its pixels are.

        Examples
        --------
        >>> viewer.go_to(20_000, 13_500, um_per_px=0.5)  # doctest: +SKIP
        """
        if um_per_px is not None and zoom is not None:
            raise InvalidInput("Give either um_per_px or zoom, not both.")
        if um_per_px is not None:
            zoom = self._zoom_for(um_per_px)
        if isinstance(place, str):
            l0_x, l0_y, closest = self._middle(self._box_of(place), _ANNOTATION_PART)
            zoom = closest if zoom is None else zoom
        else:
            l0_x = place
        if l0_y is None or not (math.isfinite(l0_x) and math.isfinite(l0_y)):
            raise InvalidInput(f"({l0_x}, {l0_y}) is no place: give finite level-0 pixels.")
        level: float = self.zoom if zoom is None else zoom
        if not math.isfinite(level):
            raise InvalidInput(f"A zoom is a finite number, not {level}.")
        level = min(max(float(level), self.min_zoom), self.max_zoom)
        center = (-float(l0_y), float(l0_x))
        self.layer.fit = False
        if self.layer.view:
            # two traits would move the map in two steps, of which the second undoes part of the first
            self.layer.send({"event": "go_to", "center": center, "zoom": level})
        else:
            self.center, self.zoom = center, level

    def fit_bounds(self, bounds: tuple[float, float, float, float]) -> None:
        """Bring a box into view as large as it fits: xmin, ymin, xmax, ymax in level-0 pixels.

        Raises
        ------
        InvalidInput
            If it is no box.
        """
        box = Box(*bounds)
        if not all(math.isfinite(value) for value in box) or box.width < 0 or box.height < 0:
            raise InvalidInput(f"{tuple(box)} is no box: give xmin, ymin, xmax, ymax in level-0 pixels.")
        l0_x, l0_y, zoom = self._middle(box)
        self.go_to(l0_x, l0_y, zoom=zoom)

    def shown_box(self) -> Box | None:
        """Return what a reader of the notebook should see, in level-0 pixels; None is the whole slide."""
        if self.layer.view:
            return Box(*self.layer.view)
        if self.layer.fit:
            return None
        scale = 2.0**-self.zoom
        half_width, half_height = _CELL_WIDTH_PX / 2 * scale, _pixels(self.layout.height) / 2 * scale
        l0_y, l0_x = -self.center[0], self.center[1]
        return Box(l0_x - half_width, l0_y - half_height, l0_x + half_width, l0_y + half_height)

    def _box_of(self, annotation: str) -> Box:
        """Return the level-0 box of a stored annotation; a viewer knows them."""
        raise UnknownAnnotation(f"There is no annotation {annotation!r}.")

    def _on_view(self, _change: Any = None) -> None:
        self.set_trait("bounds", Box(*self.layer.view) if self.layer.view else Box(0, 0, *self.slide.size))

    def _observe_bounds(self, change: Any) -> None:
        """Leave `bounds` to the slide's frame: ipyleaflet would write latitudes into it."""

    def _middle(self, box: Box, part: float = 1.0) -> tuple[float, float, float]:
        """Return the middle of a box, and the zoom at which it takes up that part of a usual cell."""
        side = max(box.width / _CELL_WIDTH_PX, box.height / _pixels(self.layout.height), 2.0**-MAX_ZOOM)
        l0_x, l0_y = (box.l0_xmin + box.l0_xmax) / 2, (box.l0_ymin + box.l0_ymax) / 2
        return l0_x, l0_y, float(math.floor(math.log2(part / side)))

    def _zoom_for(self, um_per_px: float) -> float:
        if self.slide.mpp is None:
            raise UnknownMpp(f"{self.slide.name} has no mpp: set slide.mpp, or go to a zoom instead.")
        if not (math.isfinite(um_per_px) and um_per_px > 0):
            raise InvalidInput(f"um_per_px is {um_per_px}: give a positive number.")
        return round(math.log2(self.slide.mpp / um_per_px))


def whole_zoom(size: tuple[int, int], height: str) -> int:
    """Return the highest whole zoom at which a slide fits into a cell.

    Parameters
    ----------
    size
        Width and height of the slide, level-0 pixels.
    height
        Of the viewer, as in CSS.
    """
    width, height_l0 = size
    return math.floor(math.log2(min(_CELL_WIDTH_PX / width, _pixels(height) / height_l0, 2**MAX_ZOOM)))


def _pixels(height: str | None) -> float:
    """Return the number of a CSS length in px, or a usual height for any other length."""
    text = (height or "").removesuffix("px")
    return float(text) if text.isdigit() and int(text) > 0 else _CELL_HEIGHT_PX
