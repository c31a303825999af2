"""The layer that a viewer's map holds: what Python and the browser tell each other."""

from __future__ import annotations

import math
from typing import Any

from ipyleaflet import Layer
from traitlets import Bool, Dict, Float, Int, List, TraitError, Unicode, validate

from wsinb import __version__
from wsinb.errors import WsinbError

__all__ = ["PROTOCOL", "SlideLayer"]

PROTOCOL = 1
_MODULE = "wsinb"
_SOURCES = ({"path"}, {"project", "slide"})
_MAX_ERROR = 10_000


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
    """

    _view_name = Unicode("SlideLayerView").tag(sync=True)
    _model_name = Unicode("SlideLayerModel").tag(sync=True)
    _view_module = Unicode(_MODULE).tag(sync=True)
    _model_module = Unicode(_MODULE).tag(sync=True)
    _view_module_version = Unicode(__version__).tag(sync=True)
    _model_module_version = Unicode(__version__).tag(sync=True)

    source = Dict().tag(sync=True)
    version = Unicode(None, allow_none=True).tag(sync=True)
    compare = Unicode(None, allow_none=True).tag(sync=True)
    branch = Unicode(None, allow_none=True).tag(sync=True)
    edit_base = Unicode(None, allow_none=True).tag(sync=True)
    drawn = List(Dict()).tag(sync=True)
    deleted = List(Unicode()).tag(sync=True)
    labels = List(Dict()).tag(sync=True)
    label = Unicode(None, allow_none=True).tag(sync=True)
    saved = Unicode(None, allow_none=True).tag(sync=True)
    error = Unicode("").tag(sync=True)
    protocol = Int(PROTOCOL, read_only=True).tag(sync=True)
    fit = Bool(True).tag(sync=True)
    view = List(Float()).tag(sync=True)

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
        try:
            from_features(features)
        except WsinbError as error:
            raise TraitError(str(error)) from error
        return features

    @validate("labels")
    def _check_labels(self, proposal: dict[str, Any]) -> list[dict[str, Any]]:
        from wsinb.annotate import LabelSet

        labels: list[dict[str, Any]] = proposal["value"]
        try:
            LabelSet.from_json(labels)
        except WsinbError as error:
            raise TraitError(str(error)) from error
        return labels

    @validate("view")
    def _check_view(self, proposal: dict[str, Any]) -> list[float]:
        view: list[float] = proposal["value"]
        if len(view) not in (0, 4) or not all(math.isfinite(value) for value in view):
            raise TraitError(f"A view is four finite numbers or none, not {view!r}.")
        return view

    @validate("error")
    def _check_error(self, proposal: dict[str, Any]) -> str:
        return str(proposal["value"])[:_MAX_ERROR]
