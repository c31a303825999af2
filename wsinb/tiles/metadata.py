"""Resolution, magnification and names out of the metadata that scanners write."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from wsinb.tiles.model import positive

__all__ = [
    "COARSEST_MPP",
    "aperio_properties",
    "associated_name",
    "imagej_mpp",
    "magnification_of",
    "number",
    "ome_mpp",
    "plausible_mpp",
    "resolution_mpp",
    "tiff_mpp",
    "tiff_properties",
    "xml_magnification",
]

COARSEST_MPP = 30.0
"""Micrometres per pixel above which a stored resolution is a printer's default (300 dpi is 85)."""

# by TIFF ResolutionUnit: inch, centimetre
_UM_PER_UNIT = {2: 25_400.0, 3: 10_000.0}
_MICRO = dict.fromkeys(("µm", "μm", "um", "micron", "microns"), 1.0)
_UM_PER_NAME = {**_MICRO, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6}
_ASSOCIATED = ("label", "macro", "thumbnail")


def plausible_mpp(mpp_x: float | None, mpp_y: float | None = None) -> tuple[float, float] | None:
    """Return the two resolutions if they can be those of a microscope slide, otherwise None."""
    x, y = positive(mpp_x), positive(mpp_x if mpp_y is None else mpp_y)
    if x is None or y is None or max(x, y) > COARSEST_MPP:
        return None
    return x, y


def resolution_mpp(x_resolution: object, y_resolution: object, unit: object) -> tuple[float, float] | None:
    """Micrometres per pixel from the TIFF resolution tags, None if they are absent or a meaningless default.

    Parameters
    ----------
    x_resolution, y_resolution : (int, int) or float
        Pixels per unit, as the fraction of the tag or as a number.
    unit : int
        TIFF ResolutionUnit: 2 inch, 3 centimetre; any other value has no length.
    """
    um_per_unit = _UM_PER_UNIT.get(int(unit)) if isinstance(unit, int) else None
    x, y = _number(x_resolution), _number(y_resolution)
    if um_per_unit is None or x is None or y is None:
        return None
    return plausible_mpp(um_per_unit / x, um_per_unit / y)


def aperio_properties(description: str) -> dict[str, str]:
    """Split the ImageDescription of an SVS file into ``aperio.<key>`` properties, named as OpenSlide does."""
    properties: dict[str, str] = {}
    for part in description.split("|")[1:]:
        key, equals, value = part.partition("=")
        if equals:
            properties[f"aperio.{key.strip()}"] = value.strip()
    return properties


def magnification_of(properties: Mapping[str, str], description: str) -> float | None:
    """Magnification of the objective, from the properties of an SVS or from our own description."""
    for key in ("aperio.AppMag", "openslide.objective-power"):
        if key in properties:
            return number(properties[key])
    try:
        value = json.loads(description)["magnification"]
    except (ValueError, KeyError, TypeError):
        return None
    return number(value)


def associated_name(description: str, number_of_page: int, is_svs: bool) -> str | None:
    """Name of the picture on a page that is no level: label, macro or thumbnail; None if it has no name."""
    if is_svs and number_of_page == 1:
        return "thumbnail"
    lines = description.strip().lower().splitlines()
    words = [line.split()[0] for line in lines[:2] if line.split()]
    return next((word for word in words if word in _ASSOCIATED), None)


def number(value: object) -> float | None:
    """Return a finite positive number out of text or a number, otherwise None."""
    try:
        return positive(float(str(value).replace(",", ".")))
    except ValueError:
        return None


def _number(value: object) -> float | None:
    if isinstance(value, tuple) and len(value) == 2:
        numerator, denominator = value
        return positive(numerator / denominator) if denominator else None
    return number(value)


def tiff_properties(page: Any) -> dict[str, str]:
    """Short tags of a TIFF directory (a tifffile page) as ``tiff.<name>`` properties."""
    return {f"tiff.{tag.name}": _text(tag.value) for tag in page.tags if _is_short(tag)}


def tiff_mpp(page: Any) -> tuple[float, float] | None:
    """Micrometres per pixel from the resolution tags of a TIFF directory (a tifffile page)."""
    x, y = (page.tags.valueof(name) for name in ("XResolution", "YResolution"))
    return resolution_mpp(x, y, int(page.tags.valueof("ResolutionUnit", default=2)))


def imagej_mpp(page: Any) -> tuple[float, float] | None:
    """Micrometres per pixel of a TIFF written by ImageJ, which counts pixels per unit of its description."""
    match = re.search(r"^unit=(.+)$", page.description, re.MULTILINE)
    unit = match.group(1).strip().replace("\\u00B5", "µ") if match else ""
    x, y = (_number(page.tags.valueof(name)) for name in ("XResolution", "YResolution"))
    if not page.description.startswith("ImageJ=") or unit not in _UM_PER_NAME or x is None or y is None:
        return None
    # without a scale ImageJ writes one pixel per unit, which says nothing
    return None if x == y == 1 else plausible_mpp(_UM_PER_NAME[unit] / x, _UM_PER_NAME[unit] / y)


def ome_mpp(xml: str) -> tuple[float, float] | None:
    """Micrometres per pixel from the first ``Pixels`` element of OME-XML."""
    element = re.search(r"<(?:\w+:)?Pixels\b([^>]*)>", xml)
    if element is None:
        return None
    attributes = dict(re.findall(r'(\w+)="([^"]*)"', element.group(1)))
    sizes = []
    for axis in "XY":
        value = number(attributes.get(f"PhysicalSize{axis}"))
        unit = html.unescape(attributes.get(f"PhysicalSize{axis}Unit", "µm"))
        if value is None or unit not in _UM_PER_NAME:
            return None
        sizes.append(value * _UM_PER_NAME[unit])
    return plausible_mpp(*sizes)


def xml_magnification(xml: str) -> float | None:
    """Magnification from OME-XML or the description of a QPTIFF."""
    ome = re.search(r'\bNominalMagnification="([^"]+)"', xml)
    qpi = re.search(r"<Objective>\s*([\d.]+)x", xml, re.IGNORECASE)
    found = ome or qpi
    return number(found.group(1)) if found else None


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(_text(part) for part in value)
    return str(int(value)) if isinstance(value, int) else str(value)


def _is_short(tag: Any) -> bool:
    return isinstance(tag.value, str | int | float) or (isinstance(tag.value, tuple) and tag.count <= 4)
