"""The layer that a viewer's map holds: what Python and the browser tell each other."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from ipyleaflet import Layer
from traitlets import Bool, Dict, Float, Int, List, TraitError, Unicode, observe, validate

from wsinb import __version__
from wsinb.errors import WsinbError
from wsinb.view.affine import check_affine
from wsinb.view.edits import EditsMessage, spliced
from wsinb.view.overlays import check_overlays
from wsinb.view.settings import check_look, check_picture

__all__ = ["MODULE", "PROTOCOL", "SlideLayer"]

PROTOCOL = 1
MODULE = "wsinb"
_SOURCES = ({"path"}, {"project", "slide"})
_LIVE = {"id": str, "paused": bool, "state": str, "error": str}
_MAX_ERROR = 10_000
T = TypeVar("T")


class SlideLayer(Layer):  # type: ignore[misc]
    """A slide with its annotations; its twin is ``widgets/src/faces/widget.ts``.

    Whatever arrives, from Python or from the browser, is validated here; a bad value
    raises ``traitlets.TraitError`` and changes nothing.

    Attributes
    ----------
    source : dict
        Either ``{"path": <slide file>}`` or ``{"project": <folder>, "slide": <name>}``, with
        absolute paths; the server decides whether they may be opened.
    version : str or None
        The version to show, read-only; None or a branch follows the newest commit.
    compare : str or None
        A version; what changed from it to the shown one is painted.
    branch : str or None
        The branch that is worked on; None is the project's own.
    edit_base : str or None
        The commit that the unsaved edits build on.
    drawn : list of dict
        Unsaved shapes, as features: drawn ones have the id None.
    deleted : list of str
        Ids of stored annotations that the next save removes.
    edits : str
        Names the present state of `drawn` and `deleted`. What is edited in the browser comes as a message
        that tells how the two differ from a named state: thousands of shapes travel once.
    labels : list of dict
        The labels that the palette offers.
    label : str or None
        The label that new shapes get.
    saved : str or None
        Id of the last commit made from this viewer.
    error : str
        The last sentence that the viewer showed about something that went wrong.
    protocol : int
        What this side speaks; the browser refuses another number with a sentence.
    fit : bool
        Whether the whole slide is shown first.
    view : list of float
        What is in view: xmin, ymin, xmax, ymax in level-0 pixels; empty before it is displayed.
        (ipyleaflet's own ``north`` is never below -90 and its ``south`` never above 90.)
    look, picture : dict
        How annotations and the slide's pixels are shown, see `wsinb.view.settings`.
    selection : list of str
        Ids of the stored annotations that are marked.
    link : dict
        Empty, or ``group`` (a text that linked viewers share) and ``affine``: six numbers
        (a, b, c, d, e, f) that bring this slide's level-0 pixels to the group's frame,
        x' = a x + b y + c and y' = d x + e y + f.
    draft : dict
        Empty, or the ``id`` of the open session whose edits are shown with the version, and a
        ``revision`` that grows with them.
    overlays : list of dict
        What lies over the picture, see `wsinb.view.overlays`.
    live : dict
        Empty, or what pixels learned live have to say: ``id``, ``paused``, ``state`` and ``error``; see
        `wsinb.view.live`. Set by the kernel alone.
    """

    _view_name = Unicode("SlideLayerView").tag(sync=True)
    _model_name = Unicode("SlideLayerModel").tag(sync=True)
    _view_module = Unicode(MODULE).tag(sync=True)
    _model_module = Unicode(MODULE).tag(sync=True)
    _view_module_version = Unicode(__version__).tag(sync=True)
    _model_module_version = Unicode(__version__).tag(sync=True)

    source = Dict().tag(sync=True)
    version = Unicode(None, allow_none=True).tag(sync=True)
    compare = Unicode(None, allow_none=True).tag(sync=True)
    branch = Unicode(None, allow_none=True).tag(sync=True)
    edit_base = Unicode(None, allow_none=True).tag(sync=True)
    drawn = List(Dict()).tag(sync=True)
    deleted = List(Unicode()).tag(sync=True)
    edits = Unicode("").tag(sync=True)
    labels = List(Dict()).tag(sync=True)
    label = Unicode(None, allow_none=True).tag(sync=True)
    saved = Unicode(None, allow_none=True).tag(sync=True)
    error = Unicode("").tag(sync=True)
    protocol = Int(PROTOCOL, read_only=True).tag(sync=True)
    fit = Bool(True).tag(sync=True)
    view = List(Float()).tag(sync=True)
    look = Dict().tag(sync=True)
    picture = Dict().tag(sync=True)
    selection = List(Unicode()).tag(sync=True)
    link = Dict().tag(sync=True)
    draft = Dict().tag(sync=True)
    overlays = List(Dict()).tag(sync=True)
    live = Dict().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self._told: dict[str, Any] = {}
        super().__init__(**traits)
        self.on_msg(self._on_message)

    def _on_message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict) and content.get("event") == "edits":
            self._take(content)

    def _take(self, content: dict[str, Any]) -> None:
        """Take over edits that were made in a browser, and tell other pages of them."""
        from wsinb.annotate import from_features

        told = EditsMessage.read(content)
        if told.start not in (None, self.edits):
            # something was set from Python meanwhile, or by another page
            self.send({"event": "resend"})
            return
        base: tuple[list[Any], list[str]] = ([], []) if told.start is None else (self.drawn, self.deleted)
        drawn, deleted = spliced(base[0], told.drawn), spliced(base[1], told.deleted)
        from_features(told.drawn["add"])  # the others were checked when they came
        self._told = {"drawn": drawn, "deleted": deleted, "edits": told.end}
        try:
            with self.hold_trait_notifications():
                self.drawn, self.deleted, self.edits = drawn, deleted, told.end
        finally:
            self._told = {}
        self.send(content)

    def _was_told(self, name: str, value: Any) -> bool:
        """Whether the browser has just said so; lists of the same things are compared at once."""
        return name in self._told and bool(value == self._told[name])

    @observe("drawn", "deleted")
    def _on_edits(self, change: Any) -> None:
        if not self._was_told(change.name, change.new):
            self.edits = uuid.uuid4().hex

    def _should_send_property(self, key: str, value: Any) -> bool:
        # ipywidgets would find out that it was told by writing all of it as JSON
        return not self._was_told(key, value) and bool(super()._should_send_property(key, value))

    @validate("source")
    def _check_source(self, proposal: dict[str, Any]) -> dict[str, str]:
        source: dict[str, str] = proposal["value"]
        texts = all(isinstance(value, str) and value for value in source.values())
        if set(source) not in _SOURCES or not texts:
            raise TraitError(
                f"A source is {{'path': ...}} or {{'project': ..., 'slide': ...}} with texts, not {source!r}."
            )
        return source

    @validate("drawn")
    def _check_drawn(self, proposal: dict[str, Any]) -> list[dict[str, Any]]:
        from wsinb.annotate import from_features

        features: list[dict[str, Any]] = proposal["value"]
        if self._was_told("drawn", features):
            return features
        _refusing(from_features, features)
        return features

    @validate("labels")
    def _check_labels(self, proposal: dict[str, Any]) -> list[dict[str, Any]]:
        from wsinb.annotate import LabelSet

        labels: list[dict[str, Any]] = proposal["value"]
        _refusing(LabelSet.from_json, labels)
        return labels

    @validate("view")
    def _check_view(self, proposal: dict[str, Any]) -> list[float]:
        view: list[float] = proposal["value"]
        if len(view) not in (0, 4) or not all(math.isfinite(value) for value in view):
            raise TraitError(f"A view is four finite numbers or none, not {view!r}.")
        return view

    @validate("look")
    def _check_look(self, proposal: dict[str, Any]) -> dict[str, Any]:
        return _refusing(check_look, proposal["value"])

    @validate("picture")
    def _check_picture(self, proposal: dict[str, Any]) -> dict[str, Any]:
        return _refusing(check_picture, proposal["value"])

    @validate("overlays")
    def _check_overlays(self, proposal: dict[str, Any]) -> list[dict[str, Any]]:
        return _refusing(check_overlays, proposal["value"])

    @validate("live")
    def _check_live(self, proposal: dict[str, Any]) -> dict[str, Any]:
        live: dict[str, Any] = proposal["value"]
        if live and {name: type(value) for name, value in live.items()} != _LIVE:
            raise TraitError(f"What is live is empty, or an id, paused, state and error, not {live!r}.")
        return live

    @validate("link")
    def _check_link(self, proposal: dict[str, Any]) -> dict[str, Any]:
        link: dict[str, Any] = proposal["value"]
        if link and (set(link) != {"group", "affine"} or not isinstance(link["group"], str)):
            raise TraitError(f"A link is empty, or a group and an affine, not {link!r}.")
        if link:
            link = {**link, "affine": list(_refusing(check_affine, link["affine"]))}
        return link

    @validate("draft")
    def _check_draft(self, proposal: dict[str, Any]) -> dict[str, Any]:
        draft: dict[str, Any] = proposal["value"]
        if draft and [type(draft.get(name)) for name in ("id", "revision")] != [str, int]:
            raise TraitError(f"A draft is empty, or the id and revision of an open session, not {draft!r}.")
        return draft

    @validate("error")
    def _check_error(self, proposal: dict[str, Any]) -> str:
        return str(proposal["value"])[:_MAX_ERROR]


def _refusing(check: Callable[[Any], T], value: Any) -> T:
    """Check what came from Python or the browser; what is wrong with it becomes a TraitError."""
    try:
        return check(value)
    except WsinbError as error:
        raise TraitError(str(error)) from error
