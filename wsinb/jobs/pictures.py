"""Pictures of results, for notebooks that are run without a browser."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.frames import Box

if TYPE_CHECKING:
    import geopandas as gpd
    from IPython.display import HTML, Image
    from shapely.geometry.base import BaseGeometry

    from wsinb.annotate import Label
    from wsinb.tiles import Slide

__all__ = ["draw_outlines", "show_labelled", "show_outlines"]

BARE = "#7f7f7f"


def show_outlines(
    slide: Slide,
    outlines: Mapping[str, Iterable[BaseGeometry]],
    box: Box | None = None,
    max_size: int = 900,
) -> Image:
    """Return a PNG of a slide with outlines on it; as the last value of a cell it is shown and stored.

    Parameters
    ----------
    slide : Slide
    outlines : mapping of colour to geometries
        Colours as ``"#rrggbb"``; geometries in level-0 pixels.
    box : Box, optional
        The part that is shown, level-0 px; the whole slide by default.
    max_size : int
        Longest side of the picture in pixels.
    """
    import cv2
    from IPython.display import Image

    picture = draw_outlines(slide, outlines, box, max_size)
    _, png = cv2.imencode(".png", picture[..., ::-1])
    return Image(data=png.tobytes(), format="png")  # type: ignore[no-untyped-call]


def show_labelled(
    slide: Slide,
    table: gpd.GeoDataFrame,
    labels: Mapping[str, Label],
    box: Box | None = None,
    max_size: int = 900,
) -> HTML:
    """Return a picture of annotations in the colours of their labels, with a legend that counts them.

    Parameters
    ----------
    slide : Slide
    table : GeoDataFrame
        An annotation table.
    labels : mapping of name to Label
        Such as ``project.labels``; what has no label, or one that is not in it, is grey.
    box, max_size
        As of `show_outlines`.
    """
    import cv2
    from IPython.display import HTML

    colours: dict[str, list[Any]] = {}
    legend = []
    for name, part in table.groupby(table["label"].fillna(""), sort=True):
        colour = labels[name].color if name in labels else BARE
        colours.setdefault(colour, []).extend(part.geometry)
        square = f'<span style="color:{colour}">&#9632;</span>'
        legend.append(f"{square} {escape(name or 'no label')} ({len(part)})")
    picture = draw_outlines(slide, colours, box, max_size)
    _, jpeg = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    source = f"data:image/jpeg;base64,{base64.b64encode(jpeg.tobytes()).decode()}"
    told = " &nbsp; ".join(legend) or "nothing"
    style = "max-width:100%;height:auto"
    html = f'<div>{told}</div><img alt="{escape(slide.name)}" style="{style}" src="{source}">'
    return HTML(html)  # type: ignore[no-untyped-call]


def draw_outlines(
    slide: Slide,
    outlines: Mapping[str, Iterable[BaseGeometry]],
    box: Box | None = None,
    max_size: int = 900,
) -> NDArray[np.uint8]:
    """Return a picture of a slide with outlines on it; parameters as of `show_outlines`.

    Returns
    -------
    ndarray (h, w, 3) uint8
        RGB.

    Raises
    ------
    InvalidInput
        If a colour is not written as ``"#rrggbb"``.
    """
    import cv2

    shown = box if box is not None else Box(0, 0, *slide.size)
    downsample = max(max(shown.width, shown.height) / max_size, 1)
    width, height = (max(1, round(side / downsample)) for side in (shown.width, shown.height))
    pixels = slide.read(int(shown.l0_xmin), int(shown.l0_ymin), width, height, downsample=downsample)
    picture: NDArray[np.uint8] = np.ascontiguousarray(pixels)
    for colour, geometries in outlines.items():
        rings = [
            np.round((ring - (shown.l0_xmin, shown.l0_ymin)) / downsample).astype(np.int32)
            for geometry in geometries
            for ring in _rings(geometry)
        ]
        cv2.polylines(picture, rings, False, _rgb(colour), thickness=2, lineType=cv2.LINE_AA)
    return picture


def _rings(geometry: BaseGeometry | None) -> list[NDArray[Any]]:
    """Return the lines of a geometry's border, each (n, 2) in level-0 px."""
    import shapely

    if geometry is None or geometry.is_empty:
        return []
    border = geometry.boundary if shapely.area(geometry) > 0 else geometry
    return [shapely.get_coordinates(part) for part in shapely.get_parts(border)]


def _rgb(colour: str) -> tuple[int, int, int]:
    try:
        if len(colour) != 7 or colour[0] != "#":
            raise ValueError(colour)
        return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:], 16)
    except ValueError as error:
        raise InvalidInput(f"{colour!r} is no colour; write it as '#rrggbb'.") from error
