"""What a viewer shows and how, as traits that Python and the browser change alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from traitlets import Bool, Dict, Float, HasTraits, Int, List, Tuple, Unicode, observe, validate

from wsinb.view.settings import (
    LOOK,
    PICTURE,
    RANGES,
    check_channels,
    check_colors,
    check_layers,
    check_number,
)

__all__ = ["Appearance"]

_PLAIN_LOOK = ("color_by", "since", "threshold", "opacity", "fill", "colors")
_PLAIN_PICTURE = ("brightness", "contrast", "gamma", "saturation", "invert", "channels")


class Appearance(HasTraits):
    """Observable settings of a viewer; its layer carries them to the browser as two dicts.

    Attributes
    ----------
    color_by : str
        ``"label"``, ``"layer"``, ``"score"``, ``"created_by"``, ``"updated_by"``, ``"shape"``,
        ``"verified"``, ``"change"`` or one of the project's own columns.
    since : str or None
        The version that ``"change"`` compares with: a branch, a tag or a commit. None is the version before
        the shown one; where an open session is shown, that on which its edits are made.
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
    since = Unicode(None, allow_none=True)
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
        own = {name: getattr(self, name) for name in _PLAIN_LOOK}
        return {**own, "colors": dict(self.colors), "layers": dict(self.layer_settings)}

    @property
    def image_settings(self) -> dict[str, Any]:
        """The settings of the slide's pixels, as the browser gets them."""
        z, t = self.plane
        return {"z": z, "t": t, **{name: getattr(self, name) for name in _PLAIN_PICTURE}}

    @observe(*_PLAIN_LOOK, "layer_settings", "selection", "plane", *_PLAIN_PICTURE)
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
            told = {name: look[name] for name in _PLAIN_LOOK} | {"layer_settings": look["layers"]}
            told |= {"plane": (picture["z"], picture["t"])}
            told |= {name: picture[name] for name in _PLAIN_PICTURE}
            told |= {"selection": list(self._carrier.selection)}
            for name, value in told.items():
                # what is as it was need not be looked up again: a branch may be gone by now
                if getattr(self, name) != value:
                    setattr(self, name, value)

    @contextmanager
    def _from_layer(self) -> Iterator[None]:
        # without this, what the layer tells would be told to it again, half of it still old
        self._following = True
        try:
            yield
        finally:
            self._following = False

    @validate(*(name for name in RANGES if len(name) > 1))
    def _check_range(self, proposal: dict[str, Any]) -> float:
        return check_number(proposal["trait"].name, proposal["value"])

    @validate("plane")
    def _check_plane(self, proposal: dict[str, Any]) -> tuple[int, int]:
        plane: tuple[int, int] = proposal["value"]
        for name, number in zip("zt", plane, strict=True):
            check_number(name, number)
        self._check_plane_exists(plane)
        return plane

    @validate("color_by")
    def _check_color_by(self, proposal: dict[str, Any]) -> str:
        name: str = proposal["value"]
        self._check_column(name)
        return name

    @validate("since")
    def _check_since(self, proposal: dict[str, Any]) -> str | None:
        version: str | None = proposal["value"]
        if version is not None:
            self._check_version(version)
        return version

    @validate("colors")
    def _check_colors(self, proposal: dict[str, Any]) -> dict[str, str]:
        return check_colors(proposal["value"])

    @validate("layer_settings")
    def _check_layers(self, proposal: dict[str, Any]) -> dict[str, dict[str, Any]]:
        return check_layers(proposal["value"])

    @validate("channels")
    def _check_channels(self, proposal: dict[str, Any]) -> list[dict[str, Any]] | None:
        channels = check_channels(proposal["value"])
        self._check_channel_count(channels)
        return channels

    def _check_column(self, name: str) -> None:
        """Refuse a column that the shown version does not have; a viewer knows."""

    def _check_version(self, version: str) -> None:
        """Refuse a version that does not exist; a viewer knows."""

    def _check_plane_exists(self, plane: tuple[int, int]) -> None:
        """Refuse a plane that the slide does not have; a viewer knows."""

    def _check_channel_count(self, channels: list[dict[str, Any]] | None) -> None:
        """Refuse settings that are not one for each channel of the slide; a viewer knows."""
