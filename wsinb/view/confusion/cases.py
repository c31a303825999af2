"""The pictures of a validation as arrays: what each is labelled, what was predicted, and how surely."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput, UnknownLabel
from wsinb.names import unknown

if TYPE_CHECKING:
    import pandas as pd

    from wsinb.trees.classify import Validation

__all__ = ["Cases", "Cell"]

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
Cell = tuple[str | None, str | None]
"""A label and a predicted class; None is any."""


class Cases:
    """The pictures of a validation, in its order; their labels can change, predictions cannot.

    Parameters
    ----------
    validation : Validation
        Its table is copied.

    Attributes
    ----------
    classes : tuple of str
        What can be predicted: the columns of the matrix.
    ids, slides : (n,) object
        Id of each annotation, "" for a picture of none; name of its slide.
    sure : (n,) float64
        Probability that was given to the predicted class.

    Raises
    ------
    InvalidInput
        If it is no validation, holds no picture, or lacks a column.
    """

    def __init__(self, validation: Validation) -> None:
        table = _table_of(validation)
        self.classes = tuple(map(str, validation.classes))
        self._names = list(self.classes)
        self._codes: dict[str, int] = {name: code for code, name in enumerate(self._names)}
        texts = [str(text) for text in table["id"]]
        self.ids = np.array([text if _UUID.fullmatch(text) else "" for text in texts], object)
        self.slides = np.array([str(name) for name in table["slide"]], object)
        predicted = [str(name) for name in table["predicted"]]
        strange = sorted(set(predicted) - set(self.classes))
        if strange:
            raise InvalidInput(
                f"the validation predicts {strange[0]!r}, which is none of its classes: make it anew "
                "with cross_validate"
            )
        self._predicted = np.array([self._codes[name] for name in predicted])
        self._stored = np.array([self._code(str(name)) for name in table["label"]])
        self._labels = self._stored.copy()
        self._proba = table[[f"p({name})" for name in validation.classes]].to_numpy(np.float64)
        self.sure = np.nan_to_num(self._proba[np.arange(len(self)), self._predicted])
        self._rows_of: dict[str, list[int]] = {}
        for row, text in enumerate(self.ids):
            if text:
                self._rows_of.setdefault(text, []).append(row)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def names(self) -> tuple[str, ...]:
        """The rows of the matrix: the classes, and what is labelled otherwise."""
        return tuple(self._names)

    @property
    def has_ids(self) -> bool:
        """Whether any picture is of an annotation."""
        return bool(self._rows_of)

    def rows_of(self, annotation: str) -> list[int]:
        """Return the rows of an annotation; one that is not among the pictures has none."""
        return self._rows_of.get(annotation, [])

    def ids_by_slide(self) -> dict[str, list[str]]:
        """Return all annotations, by slide."""
        found: dict[str, list[str]] = {}
        for name, rows in self._rows_of.items():
            found.setdefault(str(self.slides[rows[0]]), []).append(name)
        return found

    def label(self, row: int) -> str:
        """Return what a picture is labelled now."""
        return self._names[int(self._labels[row])]

    def stored_label(self, row: int) -> str:
        """Return what a picture was labelled before the edits."""
        return self._names[int(self._stored[row])]

    def predicted(self, row: int) -> str:
        """Return the predicted class of a picture."""
        return self.classes[int(self._predicted[row])]

    def probability(self, row: int, name: str) -> float:
        """Return the probability that was given to a class; 0 for what is none."""
        code = self._codes.get(name, len(self.classes))
        return float(self._proba[row, code]) if code < len(self.classes) else 0.0

    def counts(self) -> NDArray[np.int64]:
        """Return the number of pictures by label and predicted class: (names, classes)."""
        shape = len(self._names), len(self.classes)
        flat = self._labels * shape[1] + self._predicted
        return np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape)

    def check_cell(self, cell: Cell) -> None:
        """Raise `UnknownLabel` if there is no such row or column."""
        for kind, name, known in zip(("row", "column"), cell, (self._names, self.classes), strict=True):
            if name is not None and name not in known:
                raise UnknownLabel(unknown(f"{kind} of the matrix named", name, known))

    def among(self, cell: Cell) -> NDArray[np.intp]:
        """Return the rows of a cell, the most surely wrong first, then the least surely right.

        What an edit moved out of the cell is still in it: a person sees what was done. The order does not
        depend on edits.
        """
        self.check_cell(cell)
        label, predicted = cell
        inside = np.ones(len(self), bool)
        if label is not None:
            code = self._codes[label]
            inside &= (self._labels == code) | (self._stored == code)
        if predicted is not None:
            inside &= self._predicted == self._codes[predicted]
        rows = np.flatnonzero(inside)
        wrongness = np.where(self._stored == self._predicted, -self.sure, self.sure)[rows]
        return rows[np.argsort(-wrongness, kind="stable")]

    def edit(self, labels: Mapping[str, str], *, keep: bool = False) -> None:
        """Let annotations have other labels than they are stored with; `keep` leaves those set before."""
        if not keep:
            self._labels = self._stored.copy()
        for annotation, name in labels.items():
            self._labels[self.rows_of(annotation)] = self._code(name)

    def keep(self, others: Mapping[str, str]) -> None:
        """Take the labels as they are now for the stored ones, and those that others gave meanwhile."""
        self.edit({name: text for name, text in others.items() if name in self._rows_of}, keep=True)
        self._stored = self._labels.copy()

    def relabelled(self, validation: Validation) -> Validation:
        """Return the validation with the labels as they are now."""
        from dataclasses import replace

        own = {str(name): name for name in validation.classes}
        labels = [own.get(name, name) for name in (self._names[code] for code in self._labels)]
        table = validation.table.copy()
        table["label"] = labels
        return replace(validation, table=table)

    def _code(self, name: str) -> int:
        if name not in self._codes:
            self._codes[name] = len(self._names)
            self._names.append(name)
        return self._codes[name]


def _table_of(validation: Any) -> pd.DataFrame:
    table, classes = getattr(validation, "table", None), getattr(validation, "classes", None)
    if table is None or not isinstance(classes, Sequence) or not hasattr(table, "columns"):
        raise InvalidInput(
            "a confusion matrix shows a Validation, as cross_validate returns it, "
            f"not {type(validation).__name__}"
        )
    needed: Iterable[str] = ("id", "slide", "label", "predicted", *(f"p({name})" for name in classes))
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise InvalidInput(f"the table of the validation has no column {missing[0]!r}")
    if not len(table):
        raise InvalidInput("the validation holds no picture: give one of cross_validate")
    found: pd.DataFrame = table
    return found
