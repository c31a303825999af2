"""Models as files: what reading them has in common, whatever their kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from wsinb.errors import InvalidInput
from wsinb.trees.forest.file import Stored, read_stored
from wsinb.trees.models.header import check_header, check_kind

__all__ = ["reading_model", "shown_name"]

NOUNS = {
    "segmentation": "segmentation model", "direct": "classifier", "leaves": "classifier",
    "pixels": "pixel model",
}  # fmt: skip
# what constructors and checks raise for members of a header that are not what they should be
UNFIT = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def shown_name(source: str | Path | BinaryIO, name: str | None = None) -> str:
    """Return what messages call a model: `name`, or its path."""
    return name or (str(source) if isinstance(source, str | Path) else "the model")


@contextmanager
def reading_model(source: str | Path | BinaryIO, kind: str, name: str | None = None) -> Iterator[Stored]:
    """Read the file of a model of a kind; in the block, a model is made of it.

    What the block raises because the file holds anything unfit becomes one sentence.

    Parameters
    ----------
    source : str, Path or binary file
    kind : str
        One of `KINDS`.
    name : str, optional
        What messages call it; the path by default.

    Raises
    ------
    InvalidInput
        If the file is no model of that kind, or is damaged.
    """
    shown = shown_name(source, name)
    stored = read_stored(source, shown)
    check_kind(stored.header, kind, shown)
    try:
        check_header(stored.header)
        yield stored
    except UNFIT as error:
        raise InvalidInput(
            f"{shown} is not a {NOUNS[kind]}, or is damaged ({error}): train it again, or take another copy"
        ) from error
