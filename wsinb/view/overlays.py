"""What lies over the picture of a viewer, below its annotations: probabilities, stored or predicted live."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets import Dict, HasTraits, List, TraitError, observe, validate

from wsinb.errors import InvalidInput, WsinbError
from wsinb.names import given_path, is_name, unknown
from wsinb.view.heat import check_colours
from wsinb.view.settings import check_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wsinb.frames import Box
    from wsinb.tiles import Slide
    from wsinb.view.layer import SlideLayer

__all__ = ["PLAIN_OVERLAY", "Overlaid", "check_overlays"]

PLAIN_OVERLAY: dict[str, Any] = {"opacity": 0.6, "threshold": 0.0, "colours": "viridis", "visible": True}
_SOURCES = ({"path"}, {"path", "box"}, {"live"})
_LONGEST_NAME = 200
_MOST = 100


class Overlaid(HasTraits):
    """The part of a viewer that knows what lies over its picture.

    Attributes
    ----------
    overlays : list of dict
        Lowest first, each with ``name``, ``source``, ``opacity`` (0 to 1), ``threshold`` (0 to 1: lower
        values are not shown), ``colours`` and ``visible``; what is left out is as `add_overlay` has it.
        Can be set and observed; a bad value raises ``traitlets.TraitError``.
    """

    overlays = List(Dict())

    slide: Slide
    layer: SlideLayer
    _pulling = False

    def follow_overlays(self) -> None:
        """Keep `overlays` and what the browser shows the same, whoever changes them."""
        self.layer.overlays = self.overlays
        self.layer.observe(lambda change: self._pull_overlays(), "overlays")

    def add_overlay(
        self,
        source: str | os.PathLike[str] | Slide,
        name: str | None = None,
        *,
        opacity: float = PLAIN_OVERLAY["opacity"],
        threshold: float = PLAIN_OVERLAY["threshold"],
        colours: str = PLAIN_OVERLAY["colours"],
        visible: bool = PLAIN_OVERLAY["visible"],
        box: Box | Sequence[float] | None = None,
    ) -> str:
        """Lay a slide over the picture, below the annotations and over the overlays that are there.

        Its brightness is the value, from 0, black, to 1, white: as `wsinb.trees.write_probabilities` writes.

        Parameters
        ----------
        source : str, Path or Slide
            A slide file that covers the same area at any resolution. The Jupyter server reads it as well: it
            lies where slides do, below the server's root folder.
        name : str, optional
            The name of the file by default. An overlay of this name is replaced.
        opacity : float
            0 to 1. A pixel is painted as strongly as its value is, times this.
        threshold : float
            0 to 1: lower values are not shown.
        colours : str
            ``"viridis"``, ``"magma"``, ``"heat"``, ``"gray"``, or one colour ``"#rrggbb"``.
        visible : bool
            Whether it is shown.
        box : Box or four numbers, optional
            What the overlay covers, in level-0 pixels of the slide, if that is only a part.

        Returns
        -------
        str
            The name of the overlay, for `remove_overlay`.

        Raises
        ------
        InvalidInput
            If the shape of the overlay is not that of the slide or the box, or a value is out of range.
        SlideNotFound, UnreadableSlide
            If the file cannot be shown.
        """
        from wsinb.tiles import Slide
        from wsinb.view.laying import box_of

        path = source.path if isinstance(source, Slide) else given_path(source, "An overlay is a path")
        place: dict[str, Any] = {"path": str(path.absolute())}
        if box is not None:
            place["box"] = _check_box(box)
        added = {"source": place, "opacity": opacity, "threshold": threshold, "colours": colours}
        added |= {"visible": visible, "name": self._free_name(path) if name is None else name}
        (checked,) = check_overlays([added])
        with _opened(source, path) as overlay:
            box_of(overlay, self.slide, place.get("box"))
        others = [known for known in self.overlays if known["name"] != checked["name"]]
        self.overlays = [*others, checked]
        return str(checked["name"])

    def remove_overlay(self, name: str) -> None:
        """Take an overlay away; its file stays.

        Raises
        ------
        InvalidInput
            If there is no overlay of this name.
        """
        names = [overlay["name"] for overlay in self.overlays]
        if name not in names:
            raise InvalidInput(unknown("overlay", name, names))
        self.overlays = [overlay for overlay in self.overlays if overlay["name"] != name]

    def _free_name(self, path: Path) -> str:
        """Return the name of the file, with a number where another file has it."""
        taken = {overlay["name"]: overlay["source"].get("path") for overlay in self.overlays}
        name, number = path.stem, 2
        while taken.get(name, str(path.absolute())) != str(path.absolute()):
            name, number = f"{path.stem} ({number})", number + 1
        return name

    @validate("overlays")
    def _check_overlays(self, proposal: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            return check_overlays(proposal["value"])
        except WsinbError as error:
            raise TraitError(str(error)) from error

    @observe("overlays")
    def _on_overlays(self, _change: Any) -> None:
        layer = getattr(self, "layer", None)
        if layer is not None and not self._pulling:
            layer.overlays = self.overlays

    def _pull_overlays(self) -> None:
        self._pulling = True
        try:
            self.overlays = self.layer.overlays
        finally:
            self._pulling = False


def check_overlays(value: Sequence[Any]) -> list[dict[str, Any]]:
    """Return overlays as they travel to the browser, with everything said; `InvalidInput` otherwise."""
    if len(value) > _MOST:
        raise InvalidInput(f"{len(value)} overlays are too many: show at most {_MOST}.")
    overlays = [_check_overlay(overlay) for overlay in value]
    names = [overlay["name"] for overlay in overlays]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InvalidInput(f"Two overlays have the name {twice[0]!r}: give each its own.")
    return overlays


def _check_overlay(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidInput(f"An overlay is a dict, not {value!r}: viewer.add_overlay makes one.")
    known = ("name", "source", *PLAIN_OVERLAY)
    if others := [key for key in value if key not in known]:
        raise InvalidInput(unknown("setting of an overlay", others[0], known))
    overlay = {**PLAIN_OVERLAY, **value}
    name = overlay.get("name")
    if not is_name(name, _LONGEST_NAME):
        raise InvalidInput(f"The name of an overlay is {name!r}: give a short text.")
    for setting in ("opacity", "threshold"):
        overlay[setting] = check_number(setting, overlay[setting])
    if not isinstance(overlay["visible"], bool):
        raise InvalidInput(f"visible is {overlay['visible']!r}: give True or False.")
    overlay["colours"] = check_colours(overlay["colours"])
    overlay["source"] = _check_source(overlay.get("source"))
    return overlay


def _check_source(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or set(value) not in _SOURCES:
        raise InvalidInput(
            f"The source of an overlay is {{'path': ...}}, with a 'box' where it covers a part, "
            f"or {{'live': ...}}, not {value!r}."
        )
    if "live" in value:
        if not is_name(value["live"], _LONGEST_NAME):
            raise InvalidInput(f"The live source is {value['live']!r}: give its id, a text.")
        return dict(value)
    source = {"path": str(given_path(value["path"] or None, "The source of an overlay is a path"))}
    return source if "box" not in value else {**source, "box": _check_box(value["box"])}


def _check_box(value: Any) -> list[float]:
    try:
        box = [float(number) for number in value]
    except (TypeError, ValueError):
        box = []
    if len(box) != 4 or not all(map(math.isfinite, box)) or not (box[0] < box[2] and box[1] < box[3]):
        raise InvalidInput(f"The box is {value!r}: give xmin, ymin, xmax, ymax in level-0 pixels.")
    return box


@contextmanager
def _opened(source: object, path: Path) -> Iterator[Slide]:
    """Give the slide that is open already, or one that is closed again."""
    from wsinb.tiles import Slide, open_slide

    if isinstance(source, Slide):
        yield source
    else:
        with open_slide(path) as slide:
            yield slide
