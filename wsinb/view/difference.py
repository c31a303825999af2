"""A difference on a still picture; its twin on the live viewer is ``widgets/src/history/``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wsinb.frames import Box

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from shapely.geometry.base import BaseGeometry

    from wsinb.versions.changes.slidedelta import Change, SlideDiff

__all__ = ["KINDS", "KindStyle", "count_kinds", "draw_legend", "paint_difference"]

MAX_SHAPES = 5_000
_SMALLEST_PX = 5
_CASING_PX = 2
_ROW_PX = 18
_SAMPLE_PX = 30
_WHITE = (255, 255, 255)


@dataclass(frozen=True)
class KindStyle:
    """How a kind of change is drawn.

    Parameters
    ----------
    color
        CSS hexadecimal colour.
    width
        Of the stroke, in pixels of the picture.
    dash
        Lengths of strokes and gaps in turn, in pixels; empty is a line without gaps.
    """

    color: str
    width: int
    dash: tuple[int, ...]


# Okabe and Ito's colours, with a darker purple that shows on tissue; dashes tell the kinds apart without any
KINDS = {
    "added": KindStyle("#009e73", 3, ()),
    "deleted": KindStyle("#d55e00", 2, (7, 4)),
    "moved": KindStyle("#0072b2", 2, ()),
    "relabelled": KindStyle("#6a3d9a", 2, (11, 3, 2, 3)),
    "changed": KindStyle("#e69f00", 2, (2, 3)),
}
OLD_PLACE = KindStyle(KINDS["moved"].color, 1, (4, 3))


def count_kinds(difference: SlideDiff) -> dict[str, int]:
    """Return how many changes of each kind a difference has, in the order of `KINDS`."""
    from wsinb.versions.changes.fields import kind_for_people

    counts = dict.fromkeys(KINDS, 0)
    for kind, fields in zip(difference.kinds.tolist(), difference.fields, strict=True):
        counts[kind_for_people(kind, fields)] += 1
    return counts


def paint_difference(image: NDArray[np.uint8], difference: SlideDiff, box: Box, downsample: float) -> None:
    """Draw the changes that meet a box into a picture of it, shape (height, width, 3).

    Of more than 5,000 only the largest are drawn.
    """
    x0, y0, x1, y1 = difference.bounds.T
    met = (x1 >= box.l0_xmin) & (y1 >= box.l0_ymin) & (x0 <= box.l0_xmax) & (y0 <= box.l0_ymax)
    if met.sum() > MAX_SHAPES:
        extent = np.where(met, (x1 - x0) + (y1 - y0), -1)
        met[np.argsort(extent)[:-MAX_SHAPES]] = False
    for change in difference.take(met).changes():
        _paint_change(image, change, (box.l0_xmin, box.l0_ymin), downsample)


def _paint_change(
    image: NDArray[np.uint8], change: Change, origin: tuple[float, float], downsample: float
) -> None:
    import cv2

    from wsinb.versions.changes.fields import kind_for_people

    kind = kind_for_people(change.kind, change.fields)
    old, new = (None if row is None else row["geometry"] for row in (change.old, change.new))
    shown = old if new is None else new
    if shown is None:
        return
    if "geometry" in change.fields and old is not None:
        _outline(image, old, OLD_PLACE, origin, downsample)
        start, end = (_middle_px(shape, origin, downsample) for shape in (old, shown))
        cv2.line(image, start, end, rgb(OLD_PLACE.color), 1, cv2.LINE_AA)
    _outline(image, shown, KINDS[kind], origin, downsample)


def _outline(
    image: NDArray[np.uint8],
    geometry: BaseGeometry,
    style: KindStyle,
    origin: tuple[float, float],
    downsample: float,
) -> None:
    """Draw the lines of a geometry, on a light casing; a dot where it is too small for lines."""
    import cv2

    xmin, ymin, xmax, ymax = geometry.bounds
    if max(xmax - xmin, ymax - ymin) / downsample < _SMALLEST_PX:
        middle = _middle_px(geometry, origin, downsample)
        for radius, color in ((_SMALLEST_PX, _WHITE), (_SMALLEST_PX - 2, rgb(style.color))):
            cv2.circle(image, middle, radius, color, -1, cv2.LINE_AA)
        return
    lines = [(line - origin) / downsample for line in _lines(geometry)]
    cv2.polylines(image, _whole(lines), False, _WHITE, style.width + _CASING_PX, cv2.LINE_AA)
    pieces = [piece for line in lines for piece in cut(line, style.dash)]
    cv2.polylines(image, _whole(pieces), False, rgb(style.color), style.width, cv2.LINE_AA)


def cut(line: NDArray[np.float64], dash: tuple[int, ...]) -> list[NDArray[np.float64]]:
    """Return the strokes of a dashed line, shape (n, 2) each; the line itself without a dash."""
    lengths = np.hypot(*np.diff(line, axis=0).T)
    total = float(lengths.sum())
    if not dash or total == 0:
        return [line]
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    period = sum(dash)
    turns = np.arange(0, total, period)
    strokes = []
    begin = 0
    for stroke, gap in zip(dash[::2], dash[1::2], strict=True):
        for start in turns + begin:
            end = min(start + stroke, total)
            if start < end:
                inside = along[(along > start) & (along < end)]
                at = np.concatenate([[start], inside, [end]])
                strokes.append(np.column_stack([np.interp(at, along, line[:, axis]) for axis in (0, 1)]))
        begin += stroke + gap
    return strokes


def _whole(lines: list[NDArray[np.float64]]) -> list[NDArray[np.int32]]:
    return [np.round(line).astype(np.int32) for line in lines]


def _lines(geometry: BaseGeometry) -> list[NDArray[np.float64]]:
    """Return rings and lines of a geometry, shape (n, 2) each, in level-0 pixels."""
    lines: list[Any] = []
    for part in getattr(geometry, "geoms", [geometry]):
        if part.geom_type == "Polygon":
            lines += [ring.coords for ring in (part.exterior, *part.interiors)]
        else:
            lines.append(part.coords)
    return [np.asarray(line, np.float64)[:, :2] for line in lines]


def _middle_px(geometry: BaseGeometry, origin: tuple[float, float], downsample: float) -> tuple[int, int]:
    xmin, ymin, xmax, ymax = geometry.bounds
    l0_x, l0_y = (xmin + xmax) / 2, (ymin + ymax) / 2
    return round((l0_x - origin[0]) / downsample), round((l0_y - origin[1]) / downsample)


def draw_legend(draw: ImageDraw, counts: dict[str, int], font: Any, margin: int) -> None:
    """Draw a stroke, the name and the count of each kind that occurs into a picture's upper left corner."""
    rows = [(kind, f"{n:,} {kind}") for kind, n in counts.items() if n] or [("changed", "no changes")]
    width = _SAMPLE_PX + 12 + max(draw.textlength(text, font) for _, text in rows)
    left, top = margin - 6, margin - 6
    draw.rectangle((left, top, left + width + 12, top + len(rows) * _ROW_PX + 8), fill="white")
    for number, (kind, text) in enumerate(rows):
        y = top + 4 + number * _ROW_PX
        middle = y + _ROW_PX / 2
        style = KINDS[kind]
        line = np.array([[margin, middle], [margin + _SAMPLE_PX, middle]], np.float64)
        for stroke in cut(line, style.dash):
            draw.line([tuple(point) for point in stroke.tolist()], fill=style.color, width=style.width)
        draw.text((margin + _SAMPLE_PX + 8, y), text, fill="black", font=font)


def rgb(color: str) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255, of a CSS colour."""
    from PIL import ImageColor

    red, green, blue = ImageColor.getrgb(color)[:3]
    return red, green, blue
