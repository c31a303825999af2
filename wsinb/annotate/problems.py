"""What is wrong with which rows, as one sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wsinb.errors import InvalidAnnotation

__all__ = ["Problems"]

SHOWN = 3


class Problems:
    """Collects reasons and rows; raises them together."""

    def __init__(self) -> None:
        self.ids: pa.Array | None = None
        self.repairable = False
        self._found: list[tuple[int, str]] = []

    def add(self, rows: npt.NDArray[np.bool_], reason: str) -> None:
        """Note that the rows that are True, shape (n,), fail for the reason."""
        for row in np.flatnonzero(rows):
            self._found.append((int(row), reason))

    def add_row(self, row: int, reason: str) -> None:
        """Note that one row fails for the reason."""
        self._found.append((row, reason))

    def raise_if_any(self) -> None:
        """Raise `InvalidAnnotation` if anything was found."""
        if not self._found:
            return
        self._found.sort(key=lambda found: found[0])
        parts = [f"row {row}{self._name(row)}: {reason}" for row, reason in self._found[:SHOWN]]
        more = len(self._found) - SHOWN
        tail = f"; and {more} more" if more > 0 else ""
        count = len({row for row, _ in self._found})
        head = "1 annotation is" if count == 1 else f"{count} annotations are"
        advice = "; draw it again, or pass repair=True to mend it" if self.repairable else ""
        raise InvalidAnnotation(f"{head} not valid: {'; '.join(parts)}{tail}{advice}.")

    def _name(self, row: int) -> str:
        name: Any = None if self.ids is None else self.ids[row].as_py()
        return f" (id {name})" if name else ""
