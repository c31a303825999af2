"""What Python and the browser tell each other of a confusion matrix."""

from __future__ import annotations

from typing import Any

from ipywidgets import DOMWidget, widget_serialization
from traitlets import Bool, Dict, Instance, Int, List, TraitError, Unicode, observe, validate

from wsinb import __version__
from wsinb.errors import WsinbError
from wsinb.view.confusion.cases import Cases
from wsinb.view.layer import MODULE, PROTOCOL
from wsinb.view.viewer import SlideViewer

__all__ = ["ConfusionTraits"]

_MAX_ERROR = 10_000


class ConfusionTraits(DOMWidget):  # type: ignore[misc]
    """The traits of a confusion matrix; the twin is ``widgets/src/confusion/model.ts``.

    Only `shown`, `selection`, `error` and `percent` are set by the browser, too; a bad value raises
    ``traitlets.TraitError`` and changes nothing.

    Attributes
    ----------
    classes, names : list of str
        What can be predicted: the columns; and the rows, which also hold labels that are no classes.
    counts : list of list of int
        By row and column.
    edits : list of dict
        ``id``, ``label`` (the new one, or None) and ``ok`` (confirmed) of each change.
    can_undo, can_edit, has_patches : bool
        Whether there is a step to take back; whether the pictures are of annotations; whether there are any.
    note : str
        What a person should know beforehand.
    labels : list of dict
        The project's labels.
    """

    _model_name = Unicode("ConfusionModel").tag(sync=True)
    _view_name = Unicode("ConfusionView").tag(sync=True)
    _model_module = Unicode(MODULE).tag(sync=True)
    _view_module = Unicode(MODULE).tag(sync=True)
    _model_module_version = Unicode(__version__).tag(sync=True)
    _view_module_version = Unicode(__version__).tag(sync=True)

    protocol = Int(PROTOCOL, read_only=True).tag(sync=True)
    classes = List(Unicode(), read_only=True).tag(sync=True)
    names = List(Unicode(), read_only=True).tag(sync=True)
    counts = List(List(Int()), read_only=True).tag(sync=True)
    edits = List(Dict(), read_only=True).tag(sync=True)
    can_undo = Bool(False, read_only=True).tag(sync=True)
    can_edit = Bool(False, read_only=True).tag(sync=True)
    has_patches = Bool(False, read_only=True).tag(sync=True)
    note = Unicode("", read_only=True).tag(sync=True)
    labels = List(Dict(), read_only=True).tag(sync=True)
    saved = Unicode(None, allow_none=True, read_only=True).tag(sync=True)
    conflict = Bool(False, read_only=True).tag(sync=True)
    viewer = Instance(SlideViewer, allow_none=True, read_only=True).tag(sync=True, **widget_serialization)
    shown = Dict().tag(sync=True)
    selection = List(Unicode()).tag(sync=True)
    error = Unicode("").tag(sync=True)
    percent = Bool(False).tag(sync=True)

    cases: Cases

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what a browser says; what the kernel alone knows is not taken from there."""
        own = set(ConfusionTraits.class_own_traits(sync=True)) - {"shown", "selection", "error", "percent"}
        theirs = set(self.keys) - own
        super().set_state({name: value for name, value in sync_data.items() if name in theirs})

    @validate("shown")
    def _check_shown(self, proposal: dict[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = proposal["value"]
        if shown and set(shown) != {"label", "predicted"}:
            raise TraitError(f"What is shown is a label and a predicted class, or nothing, not {shown!r}.")
        try:
            if shown:
                self.cases.check_cell((shown["label"], shown["predicted"]))
        except WsinbError as error:
            raise TraitError(str(error)) from error
        return shown

    @validate("selection")
    def _check_selection(self, proposal: dict[str, Any]) -> list[str]:
        ids: list[str] = proposal["value"]
        for name in ids:
            if not self.cases.rows_of(name):
                raise TraitError(f"There is no annotation {name!r} among the pictures.")
        return list(dict.fromkeys(ids))

    @validate("error")
    def _check_error(self, proposal: dict[str, Any]) -> str:
        return str(proposal["value"])[:_MAX_ERROR]

    @observe("error")
    def _on_error(self, change: Any) -> None:
        if not change.new:
            self.set_trait("conflict", False)
