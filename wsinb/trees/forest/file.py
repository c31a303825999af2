"""Forests as files: npz with a JSON header, never pickle."""

from __future__ import annotations

import io
import json
import os
import uuid
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput, StorageError
from wsinb.trees.forest.forest import Forest

__all__ = ["Stored", "read_forest", "read_header", "read_stored", "write_forest"]

FORMAT = "wsinb-forest"
FORMAT_VERSION = 1
# what a kind of model keeps besides its trees
OTHERS = "model_"
ARRAYS = ("feature", "threshold", "left", "right", "roots", "leaves", "divisor")
MAX_BYTES = 4 * 2**30
MAX_HEADER_BYTES = 2**24
# what zipfile, zlib, numpy, json and the checks raise for files that are not what they seem
DAMAGE = (
    AttributeError, EOFError, KeyError, MemoryError, NotImplementedError, OSError, OverflowError,
    RecursionError, TypeError, ValueError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


class Stored(NamedTuple):
    """What a file holds: a forest that was checked, a header and arrays that were not."""

    forest: Forest
    header: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


def write_forest(
    target: str | Path | BinaryIO,
    forest: Forest,
    header: dict[str, Any],
    others: Mapping[str, NDArray[Any]] | None = None,
) -> None:
    """Write a forest; equal forests and headers give equal bytes.

    Parameters
    ----------
    target : str, Path or binary file
        A path is written beside itself and then renamed, so that a reader never sees half a file.
    header : dict
        Must fit JSON; stored under `header` in the file's own header.
    others : mapping of str to ndarray, optional
        What a kind of model keeps besides its trees.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "n_features": forest.n_features,
        "n_outputs": forest.n_outputs,
        "classes": list(forest.classes),
        "header": header,
    }
    text = json.dumps(document, sort_keys=True, allow_nan=False).encode()
    arrays: dict[str, NDArray[Any]] = {name: getattr(forest, name) for name in ARRAYS}
    arrays.update({f"{OTHERS}{name}": array for name, array in (others or {}).items()})
    arrays["json"] = np.frombuffer(text, np.uint8)
    if not isinstance(target, str | Path):
        np.savez_compressed(target, allow_pickle=False, **arrays)
        return
    path = Path(target)
    try:
        _write_beside(path, arrays)
    except OSError as error:
        reason = error.strerror or error
        raise StorageError(
            f"the model could not be written to {path}: {reason}; choose another folder"
        ) from error


def _write_beside(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with part.open("xb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_forest(source: str | Path | BinaryIO, name: str | None = None) -> tuple[Forest, dict[str, Any]]:
    """Read a forest and the header it was saved with, see `read_stored`."""
    stored = read_stored(source, name)
    return stored.forest, stored.header


def read_stored(source: str | Path | BinaryIO, name: str | None = None) -> Stored:
    """Read a forest, the header and the other arrays that it was saved with; every array of it is checked.

    Parameters
    ----------
    source : str, Path or binary file
    name : str, optional
        What messages call it; the path by default.

    Raises
    ------
    InvalidInput
        If there is no such file, or it is not a forest, or is damaged.
    """
    with _reading(source, name) as data:
        document, arrays = _read_arrays(data)
        others = {key.removeprefix(OTHERS): arrays.pop(key) for key in list(arrays) if key.startswith(OTHERS)}
        forest = Forest(
            **arrays,
            n_features=document["n_features"],
            n_outputs=document["n_outputs"],
            classes=document["classes"],
        )
        return Stored(forest, document["header"], others)


def read_header(source: str | Path | BinaryIO, name: str | None = None) -> dict[str, Any]:
    """Read only the header that a forest was saved with; raises like `read_stored`.

    Of a file that can be sought, such as one far away that is read by ranges, only the header and the list of
    its members are read. It stays open.
    """
    with _reading(source, name, whole=False) as data, _opened(data) as store:
        header: dict[str, Any] = _read_document(store)["header"]
        return header


@contextmanager
def _reading(
    source: str | Path | BinaryIO, name: str | None, *, whole: bool = True
) -> Iterator[Path | BinaryIO]:
    """Turn what a bad file raises into one sentence."""
    if name is None:
        name = str(source) if isinstance(source, str | Path) else "the model"
    try:
        if isinstance(source, str | Path):
            yield Path(source)
        else:
            yield io.BytesIO(source.read()) if whole or not source.seekable() else source
    except FileNotFoundError as error:
        raise InvalidInput(f"there is no model at {name}") from error
    except DAMAGE as error:
        raise InvalidInput(
            f"{name} is not a forest saved by wsinb, or is damaged ({error}): "
            "train it again, or take another copy"
        ) from error


def _opened(data: Path | BinaryIO) -> Any:
    with zipfile.ZipFile(data) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    if sum(sizes.values()) > MAX_BYTES or sizes.get("json.npy", 0) > MAX_HEADER_BYTES:
        raise ValueError("it is larger than any model")
    if not isinstance(data, Path):
        data.seek(0)
    return np.load(data, allow_pickle=False)


def _read_document(store: Any) -> dict[str, Any]:
    document = json.loads(store["json"].astype(np.uint8).tobytes())
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError("it has no header of a forest")
    if document["format_version"] != FORMAT_VERSION:
        raise ValueError(
            f"its format version is {document['format_version']!r}, this wsinb reads {FORMAT_VERSION}"
        )
    if not isinstance(document["header"], dict):
        raise ValueError("its header is not an object")
    return document


def _read_arrays(data: Path | BinaryIO) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    with _opened(data) as store:
        document = _read_document(store)
        names = [*ARRAYS, *(name for name in store.files if name.startswith(OTHERS))]
        return document, {name: np.ascontiguousarray(store[name]) for name in names}
