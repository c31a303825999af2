"""What the XML of a CZI file says, given as nested dicts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from wsinb.numbers import real
from wsinb.tiles.channels import ChannelNote
from wsinb.tiles.metadata import number

__all__ = ["CziMetadata"]

MAX_PROPERTIES = 300
_HIGHEST = {"Gray8": 255, "Bgr24": 255, "Gray16": 65_535, "Bgr48": 65_535}


class CziMetadata:
    """Picks resolution, channels and properties out of the ``ImageDocument``; nothing of it need be there."""

    def __init__(self, document: Any) -> None:
        self._root = _at(document, "ImageDocument", "Metadata")

    @property
    def um_per_px(self) -> tuple[float | None, float | None]:
        """Micrometres per pixel along x and y; the file has metres."""
        items = _listed(_at(self._root, "Scaling", "Items", "Distance"))
        metres = {_at(item, "@Id"): number(_at(item, "Value")) for item in items}
        x, y = (None if (v := metres.get(axis)) is None else v * 1e6 for axis in "XY")
        return x, y

    @property
    def magnification(self) -> float | None:
        """Nominal magnification of the first objective."""
        objectives = _listed(_at(self._root, "Information", "Instrument", "Objectives", "Objective"))
        return number(_at(objectives[0], "NominalMagnification")) if objectives else None

    @property
    def frame_rate(self) -> float | None:
        """Time points per second, of a series of equal steps."""
        times = _at(self._root, "Information", "Image", "Dimensions", "T", "Positions", "Interval")
        increment = number(_at(times, "Increment"))
        return None if increment is None else 1 / increment

    @property
    def properties(self) -> dict[str, str]:
        """The ``Information`` part as ``czi.<path>`` texts."""
        found: dict[str, str] = {}
        for key, value in _flat(_at(self._root, "Information"), "czi"):
            if len(found) >= MAX_PROPERTIES:
                break
            found[key] = value
        return found

    def channel_notes(self, count: int, pixel_type: str) -> tuple[ChannelNote, ...]:
        """Names, colours and display ranges of the channels; colours come from the display settings first."""
        told = _listed(_at(self._root, "Information", "Image", "Dimensions", "Channels", "Channel"))
        shown = _listed(_at(self._root, "DisplaySetting", "Channels", "Channel"))
        shown_by_id = {str(_at(entry, "@Id")): entry for entry in shown}
        notes = []
        for c in range(count):
            entry = told[c] if c < len(told) else {}
            display = shown_by_id.get(str(_at(entry, "@Id"))) or (shown[c] if c < len(shown) else {})
            name = _at(entry, "@Name") or _at(display, "@Name")
            color = None
            if pixel_type.startswith("Gray"):
                color = _color(_at(display, "Color")) or _color(_at(entry, "Color"))
            notes.append(
                ChannelNote(str(name) if name else None, color, _range(display, _HIGHEST.get(pixel_type)))
            )
        return tuple(notes)


def _range(display: Any, highest: int | None) -> tuple[float, float] | None:
    """Values shown black and in full; the settings have them as parts of the type's, by default all of it."""
    low = real(_float(_at(display, "Low"), 0.0))
    high = real(_float(_at(display, "High"), 1.0))
    if highest is None or low is None or high is None or not 0 <= low < high <= 1 or (low, high) == (0, 1):
        return None
    return low * highest + 0.0, high * highest  # not -0.0


def _float(text: Any, default: float) -> float | None:
    try:
        return default if text is None else float(text)
    except (TypeError, ValueError):
        return None


def _color(text: Any) -> str | None:
    """``#rrggbb`` out of ``#RRGGBB`` or ``#AARRGGBB``."""
    match = re.fullmatch(r"#(?:[0-9a-fA-F]{2})?([0-9a-fA-F]{6})", str(text))
    return f"#{match.group(1).lower()}" if match else None


def _at(value: Any, *keys: str) -> Any:
    """Follow keys through nested dicts; None where one is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _listed(value: Any) -> list[Any]:
    """Return the elements of a name that occurs once or several times."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _flat(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{str(key).lstrip('@#')}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _flat(inner, f"{path}.{place}")
    elif value is not None:
        yield path, str(value)
