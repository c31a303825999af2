"""What is done when a browser asks something of a confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wsinb.errors import Conflict, InvalidInput, WsinbError
from wsinb.view.confusion.asked import Patches, Rows, ids_of, number_of, text_of

if TYPE_CHECKING:
    from wsinb.view.confusion.widget import ConfusionMatrix

__all__ = ["hear"]


def hear(matrix: ConfusionMatrix, content: Mapping[str, Any]) -> None:
    """Do what a message asks for; what cannot be done is told as a sentence, in the trait `error`."""
    try:
        _do(matrix, content)
    except WsinbError as error:
        matrix.fail(str(error), conflict=isinstance(error, Conflict) and bool(error.ids))
        matrix.send({"event": "failed"})


def _do(matrix: ConfusionMatrix, content: Mapping[str, Any]) -> None:
    event = content.get("event")
    if event == "rows":
        _send_rows(matrix, Rows.read(content))
    elif event == "patches":
        matrix.bring(Patches.read(content, len(matrix.cases)))
    elif event == "look":
        _look(matrix, content)
    elif event == "save":
        resolve = content.get("resolve")
        if resolve not in (None, "ours", "theirs"):
            raise InvalidInput("A conflict is resolved by 'ours' or 'theirs': choose one of them.")
        message = text_of(content, "message").strip() if content.get("message") else ""
        matrix.save(message or f"{matrix.summary()} in a confusion matrix", resolve=resolve)
    else:
        _edit(matrix, event, content)


def _edit(matrix: ConfusionMatrix, event: Any, content: Mapping[str, Any]) -> None:
    if event == "relabel":
        matrix.relabel(ids_of(content), text_of(content, "label"))
    elif event == "confirm":
        matrix.confirm(ids_of(content))
    elif event == "undo":
        matrix.undo()
    elif event == "discard":
        matrix.discard()
    else:
        raise InvalidInput(f"The browser asked for {str(event)[:40]!r}, which is not known: reload the page.")
    matrix.error = ""


def _send_rows(matrix: ConfusionMatrix, wanted: Rows) -> None:
    cases = matrix.cases
    found = cases.among(wanted.cell).tolist()
    rows = [
        {
            **{"row": row, "id": cases.ids[row], "slide": cases.slides[row]},
            **{"label": cases.stored_label(row), "predicted": cases.predicted(row)},
            **{"sure": float(cases.sure[row]), "own": cases.probability(row, cases.stored_label(row))},
        }
        for row in found[wanted.start : wanted.start + wanted.n_rows]
    ]
    told = {"event": "rows", "asked": wanted.asked, "total": len(found), "start": wanted.start, "rows": rows}
    matrix.send(told)


def _look(matrix: ConfusionMatrix, content: Mapping[str, Any]) -> None:
    row = number_of(content, "row", len(matrix.cases) - 1)
    annotation = str(matrix.cases.ids[row])
    if content.get("tab") is True:
        asked = text_of(content, "asked")
        matrix.send({"event": "place", "asked": asked, "place": matrix.place(row)})
    else:
        _look_below(matrix, annotation, str(matrix.cases.slides[row]))


def _look_below(matrix: ConfusionMatrix, annotation: str, slide: str) -> None:
    viewer = matrix.viewer
    if viewer is not None and viewer.layer.source.get("slide") == slide:
        viewer.go_to(annotation)
        viewer.selection = [annotation]
    else:
        matrix.set_trait("viewer", matrix.view(annotation))
