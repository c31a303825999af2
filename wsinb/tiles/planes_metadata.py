"""What files say about their channels and planes: names, colours, display ranges, time between frames."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

from wsinb.numbers import real
from wsinb.tiles.channels import ChannelNote, hex_color
from wsinb.tiles.metadata import number
from wsinb.tiles.model import Frames, Planes

__all__ = ["frames_of", "tiff_channels", "tiff_frame_rate"]

WHITE = "#ffffff"
MAX_NAME = 200
_SECONDS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "min": 60.0, "h": 3600.0, "d": 86_400.0}


def tiff_channels(tiff: Any, series: Any, planes: Planes) -> tuple[ChannelNote, ...]:
    """Return what an open ``tifffile.TiffFile`` says about the channels of one of its series."""
    if tiff.ome_metadata:
        notes = _ome_channels(tiff.ome_metadata, series.keyframe)
    elif tiff.imagej_metadata and planes.c > 1:
        notes = _imagej_channels(tiff.imagej_metadata, planes.c)
    elif "qpi" in tiff.flags:
        notes = [_qpi_channel(page.description) for page in list(series.pages)[: planes.c]]
    else:
        notes = []
    # white is what writers put where they know no colour
    if all(note.color in (None, WHITE) for note in notes):
        notes = [note._replace(color=None) for note in notes]
    return tuple(notes)


def tiff_frame_rate(tiff: Any, series: Any) -> float | None:
    """Time points per second of an open ``tifffile.TiffFile``, None if it does not say."""
    if tiff.ome_metadata:
        attributes, _inside = _ome_pixels(tiff.ome_metadata, series.keyframe)
        increment = number(attributes.get("TimeIncrement"))
        unit = _SECONDS.get(html.unescape(attributes.get("TimeIncrementUnit", "s")))
        return 1 / (increment * unit) if increment and unit else None
    about = tiff.imagej_metadata or {}
    interval = number(about.get("finterval"))
    unit = _SECONDS.get(str(about.get("tunit", "s")).replace("sec", "s"))
    return 1 / (interval * unit) if interval and unit else number(about.get("fps"))


def frames_of(tiff: Any, planes: Planes) -> Frames | None:
    """Return the names that ImageJ's slice labels give to the planes along the one axis there is."""
    labels = (tiff.imagej_metadata or {}).get("Labels")
    if not isinstance(labels, list) or planes.c > 1 or (planes.z > 1) == (planes.t > 1):
        return None
    if len(labels) != max(planes.z, planes.t):
        return None
    return Frames("z" if planes.z > 1 else "t", tuple(_name(label) or "" for label in labels))


def _ome_pixels(xml: str, page: Any) -> tuple[dict[str, str], str]:
    """Attributes and content of the ``Pixels`` element of a picture of the size of `page`, else the first."""
    found = re.finditer(r"<(?:\w+:)?Pixels\b([^>]*)>(.*?)</(?:\w+:)?Pixels>", xml, re.DOTALL)
    elements = [(_attributes(match.group(1)), match.group(2)) for match in found]
    size = str(page.imagewidth), str(page.imagelength)
    same = (entry for entry in elements if (entry[0].get("SizeX"), entry[0].get("SizeY")) == size)
    return next(same, elements[0] if elements else ({}, ""))


def _ome_channels(xml: str, page: Any) -> list[ChannelNote]:
    _attributes_of_pixels, inside = _ome_pixels(xml, page)
    channels = (_attributes(text) for text in re.findall(r"<(?:\w+:)?Channel\b([^>]*)>", inside))
    return [
        ChannelNote(_name(about.get("Name") or about.get("Fluor")), _rgba_color(about.get("Color")))
        for about in channels
    ]


def _rgba_color(text: str | None) -> str | None:
    """Colour out of OME's signed 32-bit red, green, blue and alpha."""
    if text is None or not re.fullmatch(r"-?\d{1,10}", text):
        return None
    rgba = int(text)
    return hex_color(rgba >> 24, rgba >> 16, rgba >> 8)


def _imagej_channels(about: dict[str, Any], count: int) -> list[ChannelNote]:
    """Colours are the last entries of the look-up tables; the ranges are pairs of all channels in a row."""
    tables, ends = about.get("LUTs"), about.get("Ranges")
    tables = tables if isinstance(tables, Sequence) and len(tables) == count else [None] * count
    ends = ends if isinstance(ends, Sequence) and len(ends) == 2 * count else [None] * (2 * count)
    notes = []
    for table, low, high in zip(tables, ends[::2], ends[1::2], strict=True):
        color = None if table is None else hex_color(*(int(band[-1]) for band in table))
        low, high = real(low), real(high)
        shown = (low, high) if low is not None and high is not None and low < high else None
        notes.append(ChannelNote(None, color, shown))
    return notes


def _qpi_channel(xml: str) -> ChannelNote:
    """Read the description of one page of a QPTIFF."""
    name = re.search(r"<Biomarker>([^<]+)<", xml) or re.search(r"<Name>([^<]+)<", xml)
    color = re.search(r"<Color>\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*<", xml)
    return ChannelNote(
        _name(html.unescape(name.group(1))) if name else None,
        hex_color(*(int(part) for part in color.groups())) if color else None,
    )


def _attributes(text: str) -> dict[str, str]:
    return {key: html.unescape(value) for key, value in re.findall(r'([\w:]+)="([^"]*)"', text)}


def _name(text: object) -> str | None:
    """Return a name that can be shown, None if it is empty."""
    words = "".join(letter for letter in str(text or "") if letter.isprintable())
    return words.strip()[:MAX_NAME] or None
