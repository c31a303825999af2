"""Viewers that move together."""

from __future__ import annotations

import io
import uuid
from typing import Any
from weakref import WeakSet

from ipywidgets import HBox, Layout

from wsinb.errors import InvalidInput
from wsinb.view.affine import IDENTITY, Affine, after, check_affine, inverse, scaling
from wsinb.view.bundle import view_bundle
from wsinb.view.viewer import SlideViewer

__all__ = ["SideBySide", "link", "side_by_side", "unlink"]

_linked: WeakSet[SlideViewer] = WeakSet()


def link(viewer: SlideViewer, other: SlideViewer, affine: Any = None) -> None:
    """Let two viewers move together, also of different slides that are registered.

    The browser moves them; no kernel is asked. More viewers join by linking each to one that is linked.

    Parameters
    ----------
    viewer, other : SlideViewer
        What is linked; all that one of them is linked to already comes along.
    affine : array_like, optional
        Brings the level-0 pixels of `other` to those of `viewer`: six numbers (a, b, c, d, e, f) for
        x' = a x + b y + c and y' = d x + e y + f, or a matrix of 2 x 3 or 3 x 3. By default the slides
        lie corner on corner in micrometres where both have an mpp, in pixels otherwise.

    Raises
    ------
    InvalidInput
        If the two are one viewer, or `affine` cannot be inverted.
    """
    if viewer is other:
        raise InvalidInput("A viewer cannot be linked to itself: give two viewers.")
    own = check_affine(affine) if affine is not None else _by_size(viewer, other)
    if not viewer.layer.link:
        _place(viewer, uuid.uuid4().hex, IDENTITY)
    group, frame = _group(viewer), _frame(viewer)
    target = after(frame, own)
    if other.layer.link and _group(other) != group:
        # from the frame of the group that joins to that of the other one
        move = after(target, inverse(_frame(other)))
        for mate in [mate for mate in _linked if mate.layer.link and _group(mate) == _group(other)]:
            if mate is not other:
                _place(mate, group, after(move, _frame(mate)))
    _place(other, group, target)


def unlink(*viewers: SlideViewer) -> None:
    """Let viewers move alone again."""
    for viewer in viewers:
        viewer.layer.link = {}
        _linked.discard(viewer)


class SideBySide(HBox):  # type: ignore[misc]
    """Viewers in one row; where the notebook is only read, their pictures."""

    def __init__(self, viewers: tuple[SlideViewer, ...]) -> None:
        self.viewers = viewers
        super().__init__(viewers, layout=Layout(width="100%"))

    def __repr__(self) -> str:
        return f"SideBySide({', '.join(map(repr, self.viewers))})"

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        return view_bundle(self, repr(self), self._picture)

    def _picture(self) -> bytes:
        from PIL import Image

        images = [Image.open(io.BytesIO(viewer.picture(max_size=500))) for viewer in self.viewers]
        row = Image.new("RGB", (sum(i.width for i in images), max(i.height for i in images)), "white")
        left = 0
        for image in images:
            row.paste(image, (left, 0))
            left += image.width
        out = io.BytesIO()
        row.save(out, "PNG")
        return out.getvalue()


def side_by_side(*viewers: SlideViewer, linked: bool = True) -> SideBySide:
    """Show viewers in one row.

    Parameters
    ----------
    *viewers : SlideViewer
        Two or more.
    linked : bool
        Whether those that are not linked yet are linked to the first one.

    Raises
    ------
    InvalidInput
        If there are fewer than two, or one stands twice.
    """
    if len(viewers) < 2 or len({id(viewer) for viewer in viewers}) < len(viewers):
        raise InvalidInput("Side by side stand two or more viewers: make one for each slide.")
    for viewer in viewers:
        viewer.layout.width = f"{100 / len(viewers):.3f}%"
    if linked:
        for other in viewers[1:]:
            if not other.layer.link:
                link(viewers[0], other)
    return SideBySide(viewers)


def _place(viewer: SlideViewer, group: str, frame: Affine) -> None:
    viewer.layer.link = {"group": group, "affine": list(frame)}
    _linked.add(viewer)


def _group(viewer: SlideViewer) -> str:
    return str(viewer.layer.link["group"])


def _frame(viewer: SlideViewer) -> Affine:
    a, b, c, d, e, f = viewer.layer.link["affine"]
    return a, b, c, d, e, f


def _by_size(viewer: SlideViewer, other: SlideViewer) -> Affine:
    if viewer.slide.mpp is None or other.slide.mpp is None:
        return IDENTITY
    return scaling(other.slide.mpp / viewer.slide.mpp)
