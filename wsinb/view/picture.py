"""A picture of a view, for notebooks that are only read: slide, annotations, scale bar."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wsinb.frames import Box
from wsinb.view.difference import count_kinds, draw_legend, paint_difference, rgb
from wsinb.view.laying import paint_overlays

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from wsinb.annotate import Label
    from wsinb.tiles import Slide
    from wsinb.versions.changes.slidedelta import SlideDiff

__all__ = ["draw_picture", "round_length"]

MAX_SHAPES = 5_000
FILL = 0.25
UNLABELLED = "#6b7a90"
_BAR_PART = 0.2
_MARGIN_PX = 12
_POINT_RADIUS_PX = 4
# how strong annotations are below a difference
_DIMMED = 0.35


def draw_picture(
    slide: Slide,
    annotations: gpd.GeoDataFrame | None = None,
    labels: Mapping[str, Label] | None = None,
    *,
    difference: SlideDiff | None = None,
    overlays: Iterable[Mapping[str, Any]] = (),
    within: Box | None = None,
    max_size: int = 800,
) -> bytes:
    """Return a PNG of a slide or a part of it, with annotations and a scale bar.

    Parameters
    ----------
    slide : Slide
        What to show.
    annotations : GeoDataFrame, optional
        Geometries in level-0 pixels. Of more than 5,000 only the largest are drawn.
    labels : mapping of name to Label, optional
        Give the colours.
    difference : SlideDiff, optional
        Changes to draw over the annotations, which are dimmed then, with a legend.
    overlays : iterable of dict
        Overlays of a viewer, to be painted below the annotations.
    within : Box, optional
        The part to show, in level-0 pixels; all by default.
    max_size : int
        Longer side of the picture, in pixels.
    """
    box = within or Box(0, 0, *slide.size)
    downsample = max(box.width, box.height) / max_size
    # closer than one slide pixel a picture pixel there is nothing more to see
    downsample = max(downsample, 1.0)
    width, height = (max(1, round(length / downsample)) for length in (box.width, box.height))
    image = slide.read(box.l0_xmin, box.l0_ymin, width, height, downsample=downsample).copy()
    paint_overlays(image, slide, overlays, box, downsample)
    bare = image.copy()
    if annotations is not None and len(annotations):
        _paint(image, annotations, labels or {}, box, downsample)
    if difference is not None:
        image = (bare * (1 - _DIMMED) + image * _DIMMED).astype(np.uint8)
        paint_difference(image, difference, box, downsample)
    counts = None if difference is None else count_kinds(difference)
    return _png(image, None if slide.mpp is None else slide.mpp * downsample, downsample, counts)


def round_length(limit: float) -> float:
    """Return the longest of 1, 2 and 5 times a power of ten that is not above `limit`."""
    power = 10.0 ** math.floor(math.log10(limit))
    return next(factor * power for factor in (5, 2, 1) if factor * power <= limit * (1 + 1e-9))


def _paint(
    image: NDArray[np.uint8],
    annotations: gpd.GeoDataFrame,
    labels: Mapping[str, Label],
    box: Box,
    downsample: float,
) -> None:
    import cv2

    for name, geometries in _by_label(annotations, box).items():
        color = rgb(labels[name].color if name is not None and name in labels else UNLABELLED)
        mask = np.zeros(image.shape[:2], np.uint8)
        for geometry in geometries:
            areas, lines, points = _parts(geometry, box, downsample)
            if areas:
                own = np.zeros_like(mask) if len(areas) > 1 else mask
                cv2.fillPoly(own, areas, 1)
                np.maximum(mask, own, out=mask)
            cv2.polylines(image, areas, True, color, 1, cv2.LINE_AA)
            cv2.polylines(image, lines, False, color, 2, cv2.LINE_AA)
            for x, y in points:
                cv2.circle(image, (x, y), _POINT_RADIUS_PX, color, -1, cv2.LINE_AA)
        inside = mask.astype(bool)
        image[inside] = (image[inside] * (1 - FILL) + np.array(color) * FILL).astype(np.uint8)


def _by_label(annotations: gpd.GeoDataFrame, box: Box) -> dict[str | None, list[BaseGeometry]]:
    """Geometries that touch the box, by label: the largest ones where there are too many."""
    shown = annotations[~annotations.geometry.isna()]
    shown = shown.cx[box.l0_xmin : box.l0_xmax, box.l0_ymin : box.l0_ymax]
    if len(shown) > MAX_SHAPES:
        sides = shown.bounds
        extent = (sides.maxx - sides.minx) + (sides.maxy - sides.miny)
        shown = shown.loc[extent.nlargest(MAX_SHAPES).index]
    groups: dict[str | None, list[BaseGeometry]] = {}
    for label, geometry in zip(shown["label"], shown.geometry, strict=True):
        groups.setdefault(label if isinstance(label, str) else None, []).append(geometry)
    return groups


Contours = list[NDArray[np.int32]]


def _parts(
    geometry: BaseGeometry, box: Box, downsample: float
) -> tuple[Contours, Contours, list[tuple[int, int]]]:
    """Rings, lines and points of a geometry in pixels of the picture."""
    areas: Contours = []
    lines: Contours = []
    points: list[tuple[int, int]] = []
    origin = (box.l0_xmin, box.l0_ymin)
    for part in getattr(geometry, "geoms", [geometry]):
        if part.geom_type == "Polygon":
            for ring in (part.exterior, *part.interiors):
                areas.append(_pixels(ring.coords, origin, downsample))
        elif part.geom_type in ("LineString", "LinearRing"):
            lines.append(_pixels(part.coords, origin, downsample))
        elif part.geom_type == "Point":
            ((x, y),) = _pixels(part.coords, origin, downsample)
            points.append((int(x), int(y)))
    return areas, lines, points


def _pixels(coordinates: object, origin: tuple[float, float], downsample: float) -> NDArray[np.int32]:
    l0_xy = np.asarray(coordinates, dtype=np.float64)[:, :2]
    return np.round((l0_xy - origin) / downsample).astype(np.int32)


def _png(
    image: NDArray[np.uint8], um_per_px: float | None, downsample: float, counts: dict[str, int] | None
) -> bytes:
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    unit = um_per_px or downsample
    length = round_length(max(_BAR_PART * picture.width, 1) * unit)
    bar = length / unit
    bottom = picture.height - _MARGIN_PX
    font = ImageFont.load_default(14)
    text = f"{length:g} px" if um_per_px is None else _length_text(length)
    draw.rectangle(
        (_MARGIN_PX - 6, bottom - 32, _MARGIN_PX + max(bar, draw.textlength(text, font)) + 6, bottom + 6),
        fill="white",
    )
    draw.line((_MARGIN_PX, bottom, _MARGIN_PX + bar, bottom), fill="black", width=3)
    draw.text((_MARGIN_PX, bottom - 26), text, fill="black", font=font)
    if counts is not None:
        draw_legend(draw, counts, font, _MARGIN_PX)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=False)
    return buffer.getvalue()


def _length_text(um: float) -> str:
    # Pillow's own font has no µ
    return f"{um / 1000:g} mm" if um >= 1000 else f"{um:g} um"
