"""`load_model`: any kind of model, from its file."""

from __future__ import annotations

import io
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from wsinb.trees.forest.file import read_header
from wsinb.trees.models.header import KINDS, kind_of
from wsinb.trees.models.stored import shown_name

__all__ = ["Model", "load_model"]


class Model(Protocol):
    """What every kind of model has."""

    header: dict[str, Any]

    def save(self, target: str | Path | BinaryIO) -> None:
        """Write it as npz with a JSON header."""


def load_model(source: str | Path | BinaryIO, name: str | None = None) -> Any:
    """Read a model that was saved, of whatever kind; nothing in the file is trusted.

    Parameters
    ----------
    source : str, Path or binary file
    name : str, optional
        What messages call it; the path by default.

    Returns
    -------
    SegmentationForest, DirectClassifier, LeafClassifier or PixelForest
        See its `header`: `kind`, `labels`, `um_per_px`, `version`, `parameters`, `scores`.

    Raises
    ------
    InvalidInput
        If the file is no model, is damaged, or is one of a format, kind or number of channels that this
        version does not read.
    """
    shown = shown_name(source, name)
    data = source if isinstance(source, str | Path) else io.BytesIO(source.read())
    kind = kind_of(read_header(data, shown), shown)
    if isinstance(data, io.BytesIO):
        data.seek(0)
    room, _, home = KINDS[kind].partition(":")
    return getattr(import_module(room), home).load(data, shown)
