"""The colours of overlays, from 0 to 1; their twin is ``widgets/src/overlays/colours.ts``."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput

__all__ = ["COLOUR_MAPS", "check_colours", "colour_table"]

COLOUR_MAPS: dict[str, tuple[str, ...]] = {
    "viridis": (
        "#440154",
        "#482878",
        "#3e4989",
        "#31688e",
        "#26828e",
        "#1f9e89",
        "#35b779",
        "#6ece58",
        "#b5de2b",
        "#fde725",
    ),
    "magma": (
        "#000004",
        "#180f3d",
        "#440f76",
        "#721f81",
        "#9e2f7f",
        "#cd4071",
        "#f1605d",
        "#fd9668",
        "#feca8d",
        "#fcfdbf",
    ),
    "heat": ("#540000", "#9e0000", "#ea0000", "#ff3400", "#ff8000", "#ffca00", "#ffff22"),
    "gray": ("#000000", "#ffffff"),
}
"""Evenly spaced colours from 0 to 1; viridis, magma and heat are matplotlib's (CC0)."""


def check_colours(value: object) -> str:
    """Return the name of a colour map, or a colour ``#rrggbb``; `InvalidInput` otherwise."""
    if isinstance(value, str) and (value in COLOUR_MAPS or re.fullmatch("#[0-9a-fA-F]{6}", value)):
        return value
    raise InvalidInput(f"colours is {value!r}: give {', '.join(COLOUR_MAPS)}, or one colour as #rrggbb.")


def colour_table(colours: str, opacity: float, threshold: float) -> NDArray[np.uint8]:
    """Return the red, green, blue and alpha of each byte of probability: (256, 4) uint8.

    Alpha is the value times the opacity, and 0 below the threshold.
    """
    stops = COLOUR_MAPS.get(colours, (colours, colours))
    rgb = np.array([[int(stop[at : at + 2], 16) for at in (1, 3, 5)] for stop in stops], dtype=float)
    values = np.arange(256)
    places = values / 255 * (len(stops) - 1)
    table = np.empty((256, 4), np.uint8)
    for channel in range(3):
        table[:, channel] = np.floor(np.interp(places, np.arange(len(stops)), rgb[:, channel]) + 0.5)
    table[:, 3] = np.where(values / 255 < threshold, 0, np.floor(values * opacity + 0.5))
    return table
