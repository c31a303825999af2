"""What a viewer shows and how, as traits that Python and the browser change alike."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from traitlets import Bool, Dict, Float, HasTraits, Int, List, Tuple, Unicode, observe, validate

from wsinb.errors import InvalidInput

__all__ = ["LOOK", "PICTURE", "Appearance", "check_look", "check_picture"]

LOOK: dict[str, Any] = {
    "color_by": "label",
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
_RANGES: dict[str, tuple[float, float]] = {
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


class Appearance(HasTraits):
    """Observable settings of a viewer; its layer carries them to the browser as two dicts.

    Attributes
    ----------
    color_by : str
        ``"label"``, ``"layer"``, ``"score"``, ``"created_by"``, ``"updated_by"``, ``"verified"``,
        ``"shape"`` or one of the project's own columns.
    threshold : float
        Annotations with a lower score (0 to 1) are not shown; those without a score always are.
    opacity : float
        Of all annotations, 0 to 1.
    fill : bool
        Whether polygons are filled or only outlined.
    colors : dict of str to str
        CSS hexadecimal colours of categories, for `color_by` other than labels.
    layer_settings : dict of str to dict
        By layer, any of ``visible`` (bool), ``opacity`` (0 to 1), ``fill`` (bool), ``threshold`` (0 to 1).
    selection : list of str
        Ids of the stored annotations that are marked.
    plane : (int, int)
        Focal plane (z) and time point (t).
    brightness, contrast : float
        -1 to 1; 0 is as stored.
    gamma : float
        0.1 to 10; above 1 is brighter.
    saturation : float
        0 is grey, 1 as stored, up to 3.
    invert : bool
        Whether dark and bright are exchanged.
    channels : list of dict or None
        One for each channel: ``visible`` (bool), ``color`` (``"#rrggbb"``), ``low`` and ``high`` (stored
        values shown as black and as the full colour). None is how the file asks to be shown.
    """

    color_by = Unicode("label")
    threshold = Float(0.0)
    opacity = Float(1.0)
    fill = Bool(True)
    colors = Dict(value_trait=Unicode(), key_trait=Unicode())
    layer_settings = Dict(key_trait=Unicode())
    selection = List(Unicode())
    plane = Tuple(Int(), Int(), default_value=(0, 0))
    brightness = Float(0.0)
    contrast = Float(0.0)
    gamma = Float(1.0)
    saturation = Float(1.0)
    invert = Bool(False)
    channels = List(Dict(), default_value=None, allow_none=True)

    _carrier: Any = None
    _following = False

    def follow(self, layer: Any) -> None:
        """Keep these settings and those of a `SlideLayer` the same, whoever changes them."""
        self._carrier = layer
        self._push()
        layer.observe(lambda change: self._pull(), ("look", "picture", "selection"))

    @property
    def look(self) -> dict[str, Any]:
        """The settings of annotations, as the browser gets them."""
        own = {name: getattr(self, name) for name in ("color_by", "threshold", "opacity", "fill")}
        return {**own, "colors": dict(self.colors), "layers": dict(self.layer_settings)}

    @property
    def image_settings(self) -> dict[str, Any]:
        """The settings of the slide's pixels, as the browser gets them."""
        z, t = self.plane
        names = ("brightness", "contrast", "gamma", "saturation", "invert", "channels")
        return {"z": z, "t": t, **{name: getattr(self, name) for name in names}}

    @observe(
        *("color_by", "threshold", "opacity", "fill", "colors", "layer_settings", "selection", "plane"),
        *("brightness", "contrast", "gamma", "saturation", "invert", "channels"),
    )
    def _on_setting(self, _change: Any) -> None:
        if self._carrier is not None and not self._following:
            self._push()

    def _push(self) -> None:
        with self._carrier.hold_sync():
            self._carrier.look, self._carrier.picture = self.look, self.image_settings
            self._carrier.selection = list(self.selection)

    def _pull(self) -> None:
        with self._from_layer():
            look, picture = {**LOOK, **self._carrier.look}, {**PICTURE, **self._carrier.picture}
            for name in ("color_by", "threshold", "opacity", "fill", "colors"):
                setattr(self, name, look[name])
            self.layer_settings = look["layers"]
            self.plane = (picture["z"], picture["t"])
            for name in ("brightness", "contrast", "gamma", "saturation", "invert", "channels"):
                setattr(self, name, picture[name])
            self.selection = list(self._carrier.selection)

    @contextmanager
    def _from_layer(self) -> Iterator[None]:
        # without this, what the layer tells would be told to it again, half of it still old
        self._following = True
        try:
            yield
        finally:
            self._following = False

    @validate(*(name for name in _RANGES if len(name) > 1))
    def _check_range(self, proposal: dict[str, Any]) -> float:
        return _number(proposal["trait"].name, proposal["value"])

    @validate("plane")
    def _check_plane(self, proposal: dict[str, Any]) -> tuple[int, int]:
        plane: tuple[int, int] = proposal["value"]
        for name, number in zip("zt", plane, strict=True):
            _number(name, number)
        self._check_plane_exists(plane)
        return plane

    @validate("color_by")
    def _check_color_by(self, proposal: dict[str, Any]) -> str:
        name: str = proposal["value"]
        self._check_column(name)
        return name

    @validate("colors")
    def _check_colors(self, proposal: dict[str, Any]) -> dict[str, str]:
        return _checked_colors(proposal["value"])

    @validate("layer_settings")
    def _check_layers(self, proposal: dict[str, Any]) -> dict[str, dict[str, Any]]:
        return _checked_layers(proposal["value"])

    @validate("channels")
    def _check_channels(self, proposal: dict[str, Any]) -> list[dict[str, Any]] | None:
        channels = _checked_channels(proposal["value"])
        self._check_channel_count(channels)
        return channels

    def _check_column(self, name: str) -> None:
        """Refuse a column that the shown version does not have; a viewer knows."""

    def _check_plane_exists(self, plane: tuple[int, int]) -> None:
        """Refuse a plane that the slide does not have; a viewer knows."""

    def _check_channel_count(self, channels: list[dict[str, Any]] | None) -> None:
        """Refuse settings that are not one for each channel of the slide; a viewer knows."""


def check_look(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of annotations, all of the right kind; `InvalidInput` otherwise."""
    _refuse_others("look", value, LOOK)
    look = dict(value)
    for name in ("threshold", "opacity"):
        if name in look:
            look[name] = _number(name, look[name])
    if "fill" in look:
        look["fill"] = _of_kind("fill", look["fill"], bool)
    if "color_by" in look:
        look["color_by"] = _of_kind("color_by", look["color_by"], str)
    if "colors" in look:
        look["colors"] = _checked_colors(look["colors"])
    if "layers" in look:
        look["layers"] = _checked_layers(look["layers"])
    return look


def check_picture(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of pixels, all of the right kind; `InvalidInput` otherwise."""
    _refuse_others("picture", value, PICTURE)
    picture = dict(value)
    for name in _RANGES.keys() & picture.keys():
        picture[name] = _number(name, picture[name])
    for name in ("z", "t"):
        if name in picture:
            picture[name] = int(picture[name])
    if "invert" in picture:
        picture["invert"] = _of_kind("invert", picture["invert"], bool)
    if "channels" in picture:
        picture["channels"] = _checked_channels(picture["channels"])
    return picture


def _checked_colors(value: Any) -> dict[str, str]:
    colors = _of_kind("colors", value, dict)
    return {
        _of_kind("colors", name, str): _color(f"color of {name!r}", color) for name, color in colors.items()
    }


def _color(what: str, value: Any) -> str:
    if not (isinstance(value, str) and re.fullmatch("#[0-9a-fA-F]{6}", value)):
        raise InvalidInput(f"The {what} is {value!r}: give it as #rrggbb.")
    return value


def _checked_layers(value: Any) -> dict[str, dict[str, Any]]:
    layers = _of_kind("layer_settings", value, dict)
    return {name: _checked(f"layer {name!r}", settings, _LAYER) for name, settings in layers.items()}


def _checked_channels(value: Any) -> list[dict[str, Any]] | None:
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
    for name in _RANGES.keys() & checked.keys():
        _number(name, checked[name])
    return checked


def _refuse_others(what: str, given: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    if others := [str(name) for name in given if name not in known]:
        raise InvalidInput(f"There is no setting {others[0]!r} of the {what}: it has {', '.join(known)}.")


def _number(name: str, value: Any) -> float:
    low, high = _RANGES[name]
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
