"""The settings of a viewer as they travel to the browser and back: what there is, and what it may be."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from wsinb.errors import InvalidInput

__all__ = [
    "LOOK",
    "PICTURE",
    "RANGES",
    "check_channels",
    "check_colors",
    "check_layers",
    "check_look",
    "check_number",
    "check_picture",
]

LOOK: dict[str, Any] = {
    "color_by": "label",
    "since": None,
    "threshold": 0.0,
    "opacity": 1.0,
    "fill": True,
    "colors": {},
    "layers": {},
}
PICTURE: dict[str, Any] = {
    "z": 0,
    "t": 0,
    "brightness": 0.0,
    "contrast": 0.0,
    "gamma": 1.0,
    "saturation": 1.0,
    "invert": False,
    "channels": None,
}
# the least and the greatest value of each number
RANGES: dict[str, tuple[float, float]] = {
    "threshold": (0, 1),
    "opacity": (0, 1),
    "brightness": (-1, 1),
    "contrast": (-1, 1),
    "gamma": (0.1, 10),
    "saturation": (0, 3),
    "z": (0, math.inf),
    "t": (0, math.inf),
}
_LAYER: dict[str, type] = {"visible": bool, "opacity": float, "fill": bool, "threshold": float}
_CHANNEL: dict[str, type] = {"visible": bool, "color": str, "low": float, "high": float}


def check_look(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of annotations, all of the right kind; `InvalidInput` otherwise."""
    _refuse_others("look", value, LOOK)
    look = dict(value)
    for name in ("threshold", "opacity"):
        if name in look:
            look[name] = check_number(name, look[name])
    if "fill" in look:
        look["fill"] = _of_kind("fill", look["fill"], bool)
    if "color_by" in look:
        look["color_by"] = _of_kind("color_by", look["color_by"], str)
    if look.get("since") is not None:
        look["since"] = _of_kind("since", look["since"], str)
    if "colors" in look:
        look["colors"] = check_colors(look["colors"])
    if "layers" in look:
        look["layers"] = check_layers(look["layers"])
    return look


def check_picture(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of pixels, all of the right kind; `InvalidInput` otherwise."""
    _refuse_others("picture", value, PICTURE)
    picture = dict(value)
    for name in RANGES.keys() & picture.keys():
        picture[name] = check_number(name, picture[name])
    for name in ("z", "t"):
        if name in picture:
            picture[name] = int(picture[name])
    if "invert" in picture:
        picture["invert"] = _of_kind("invert", picture["invert"], bool)
    if "channels" in picture:
        picture["channels"] = check_channels(picture["channels"])
    return picture


def check_colors(value: Any) -> dict[str, str]:
    """Return colours by category, each ``"#rrggbb"``; `InvalidInput` otherwise."""
    colors = _of_kind("colors", value, dict)
    return {
        _of_kind("colors", name, str): _color(f"color of {name!r}", color) for name, color in colors.items()
    }


def _color(what: str, value: Any) -> str:
    if not (isinstance(value, str) and re.fullmatch("#[0-9a-fA-F]{6}", value)):
        raise InvalidInput(f"The {what} is {value!r}: give it as #rrggbb.")
    return value


def check_layers(value: Any) -> dict[str, dict[str, Any]]:
    """Return settings by layer, all of the right kind; `InvalidInput` otherwise."""
    layers = _of_kind("layer_settings", value, dict)
    return {name: _checked(f"layer {name!r}", settings, _LAYER) for name, settings in layers.items()}


def check_channels(value: Any) -> list[dict[str, Any]] | None:
    """Return whole settings of each channel, or None; `InvalidInput` otherwise."""
    if value is None:
        return None
    channels = [
        _checked(f"channel {n}", settings, _CHANNEL)
        for n, settings in enumerate(_of_kind("channels", value, list))
    ]
    for number, channel in enumerate(channels):
        if missing := _CHANNEL.keys() - channel.keys():
            lacking = ", ".join(sorted(missing))
            raise InvalidInput(f"Channel {number} lacks {lacking}: give all of its settings.")
        _color(f"color of channel {number}", channel["color"])
    return channels


def _checked(what: str, settings: Any, kinds: Mapping[str, type]) -> dict[str, Any]:
    _refuse_others(what, _of_kind(what, settings, dict), kinds)
    checked = {name: _of_kind(f"{name} of {what}", value, kinds[name]) for name, value in settings.items()}
    for name in RANGES.keys() & checked.keys():
        check_number(name, checked[name])
    return checked


def _refuse_others(what: str, given: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    if others := [str(name) for name in given if name not in known]:
        raise InvalidInput(f"There is no setting {others[0]!r} of the {what}: it has {', '.join(known)}.")


def check_number(name: str, value: Any) -> float:
    """Return a number that a setting may have, by `RANGES`; `InvalidInput` otherwise."""
    low, high = RANGES[name]
    number = _of_kind(name, value, float)
    if not (math.isfinite(number) and low <= number <= high):
        limit = f"{low:g} to {high:g}" if math.isfinite(high) else f"{low:g} or more"
        raise InvalidInput(f"{name} is {value!r}: give a number from {limit}.")
    return float(number)


def _of_kind(name: str, value: Any, kind: type) -> Any:
    fits = isinstance(value, int | float) and not isinstance(value, bool) if kind is float else None
    if not (isinstance(value, kind) if fits is None else fits):
        words = {float: "a number", bool: "True or False", str: "a text", dict: "a dict", list: "a list"}
        raise InvalidInput(f"{name} is {value!r}: give {words[kind]}.")
    return value
